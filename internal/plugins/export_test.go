package plugins

// FetchUpTo is Fetch with another bound of the executable's bytes.
var FetchUpTo = fetch
