package core

import "context"

// A Statistic reduces the observations of each cell. Constants are in its Config; columns arrive in Groups.
// Implementations are safe for concurrent use.
type Statistic interface {
	Info() StatisticInfo
	// Compute returns Info().Outputs in order, one row per slot of groups. Same groups, same bytes. Groups.Rows and
	// Groups.Cells hold the Inputs in order, optional ones that are not given left out of both.
	Compute(ctx context.Context, groups *Groups) ([]Column, error)
}

// A Folder is a Statistic that can be computed from its own outputs on finer or partial cells: groups.Rows are
// outputs of Compute or Fold, in Info().Outputs order. (optional: coarser levels, windows to all time)
type Folder interface {
	Statistic
	Fold(ctx context.Context, groups *Groups) ([]Column, error)
}

// StatisticInfo is what a statistic takes and gives.
type StatisticInfo struct {
	Inputs []Input
	// Outputs: Name is added to the variable's ("", "_locations"). Type 0 means the type of the first input's column.
	// Units may hold the name of an input in braces for that input's units: "{source}^2". Where those are not known,
	// neither are the output's.
	Outputs []Field
	Folds   Folding // of a Folder
}

// A Folding says how near what Fold gives of results on parts, whatever their order, is to what Compute gives of the whole.
type Folding uint8

// The foldings.
const (
	FoldsRounded       Folding = iota // the same but for rounding: means
	FoldsIntegers                     // the same to the byte where results are integers and are stored as such, else but for rounding: sums
	FoldsExactly                      // the same to the byte, in whatever numbers the results are stored: extremes
	FoldsApproximately                // about the same: a digest of digests
)

// An Input is a column a statistic takes. The column's Name in Groups is the input's.
type Input struct {
	Name     string // "source", or the key under params
	PerCell  bool   // arrives in Groups.Cells
	Optional bool
}
