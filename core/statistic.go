package core

import "context"

// A Statistic computes results from the observations of each cell. Constants are in its Config; columns are in Groups.
// Implementations are safe for concurrent use.
type Statistic interface {
	Info() StatisticInfo
	// Compute returns one column for each of Info().Outputs, in order, with one row per slot of groups. The same groups give
	// the same bytes. Groups.Rows and Groups.Cells contain the Inputs in order, without optional ones that are not given.
	Compute(ctx context.Context, groups *Groups) ([]Column, error)
}

// A Folder is a Statistic that can be computed from its own outputs on parts of a cell: for coarser cells, and when granules
// are added. groups.Rows are outputs of Compute or Fold, in the order of Info().Outputs. (optional)
type Folder interface {
	Statistic
	Fold(ctx context.Context, groups *Groups) ([]Column, error)
}

// StatisticInfo describes the inputs and outputs of a statistic.
type StatisticInfo struct {
	Inputs []Input
	// Outputs are the results. Name is a suffix of the variable's name ("", "_locations"). Type 0 means the type of the first
	// input's column. Units may contain the name of an input in braces, which stands for its units: "{source}^2". If those are
	// unknown, so are the output's.
	Outputs []Field
	Folds   Folding // of a Folder
	// AnyType says that the first output is stored in the dtype of the configuration, by default float32, whatever its Type. Otherwise arrays
	// have the types and fill values of their outputs, and a configuration may only repeat the type.
	AnyType bool
}

// A Folding says how closely Fold of results on parts, in any order, agrees with Compute on the whole.
type Folding uint8

// The foldings.
const (
	FoldsRounded       Folding = iota // equal except for rounding: means
	FoldsIntegers                     // same bytes if results are integers and stored as integers, else FoldsRounded: sums
	FoldsExactly                      // same bytes for every stored type: extremes
	FoldsApproximately                // approximately equal: a digest of digests
)

// An Input is an input column of a statistic. The column in Groups has the same Name.
type Input struct {
	Name     string // "source", or the key under params
	PerCell  bool   // is in Groups.Cells, one row per cell
	Optional bool
}
