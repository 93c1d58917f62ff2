package objstore

// For tests of another package.
var (
	FileError = fileError
	Merge     = merge
)
