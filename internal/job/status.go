package job

// A Status says what a finished shard holds.
type Status string

// The statuses.
const (
	OK      Status = "ok"
	Empty   Status = "empty"   // no cell has data; there are no objects
	Partial Status = "partial" // granules are missing, and that was allowed
)
