/** What names of owners and of repositories look like: the one rule for requests, policies, configuration and GitHub's events. Pure. */

export const OWNER_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/;
/** Neither `.` nor `..`, which would climb in a path. */
export const REPOSITORY_NAME = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/;
