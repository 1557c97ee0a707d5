/** RFC 9110 section 12.5.1, as far as it is needed: whether a client names a media type by itself; curl's `*\/*` names none. */
export function accepts(headers: Headers, type: string): boolean {
  const ranges = headers.get("Accept")?.toLowerCase().split(",") ?? [];
  return ranges.some((range) => {
    const [name, ...parameters] = range.split(";").map((part) => part.trim());
    return name === type && !parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter));
  });
}
