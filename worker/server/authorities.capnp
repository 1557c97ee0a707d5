# No authorities but those that browsers trust; `run` writes another such file where CA_FILE is set.
const certificates :List(Text) = [];
