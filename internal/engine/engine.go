// Package engine turns the granules of one shard into the objects of one shard: read, locate, group, reduce, encode,
// write. It is the only part that talks to readers, grids, statistics and the store alike, and the same code runs on a
// laptop and in a worker.
//
// A row's walk: the reader emits a batch; Grid.Locate gives each row its slot; rows outside the shard, rows whose
// declared variables hold no value and rows a filter refuses are dropped and counted; the rest go to the granule's own
// sink. When every granule is read the sinks are merged in granule order by one counting sort into core.Groups, each
// statistic runs once over all cells, and its outputs are scattered into blocks of fill values and encoded.
package engine

import (
	"context"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/budget"
	"github.com/englacial/zagg/internal/expr"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/selection"
	"github.com/englacial/zagg/internal/zarr"
)

// A Pipeline is what every shard of a run shares. It is immutable and safe for concurrent use.
type Pipeline struct {
	Grid      core.Grid
	Reader    core.ProductReader
	Columns   []string             // columns to read: the declared variables
	Filters   []core.Filter        // the reader's
	Located   *Located             // where rows' cells are noted; nil: nowhere
	Select    *selection.Selection // which rows are used; nil: all
	Rows      []RowFilter          // the engine's
	Vars      []Variable           // what to compute, in output order
	Coords    []*zarr.Array        // coordinate arrays that each shard writes; empty where set-up has written them
	Mask      Mask                 // what becomes of rows in which a column has no valid value
	Granules  int                  // granules read at once
	Budget    *budget.Budget       // of the process; nil: no bounds
	Request   int64                // bytes that cost as much as a request to the granules' store
	Scratch   string               // folder for rows beyond the budget; "": the system's for temporary files
	Batch     int                  // most rows per batch
	Group     string               // path of the group inside the store
	Dims      []core.Dim           // the frame's
	Derived   []Derived            // what statistics take as inputs beside columns, once per distinct text
	Chunks    []ChunkValue         // what statistics may take of the chunk of a cell
	Time      string               // of Columns, the times of observations; "": they are not read
	Positions bool                 // each row has its longitude and latitude
	Cells     bool                 // statistics may take the columns of Grid.Cells
	Places    bool                 // each row has the word of its place, as the grid names it (core.PointColumn)
}

// A Derived is a value of each row that is computed from columns: an expr.Program, or a Clock.
type Derived interface {
	Rows(columns []core.Column, n int) (core.Column, error)
	Inputs() []expr.Var // the columns
}

// A RowFilter keeps the rows for which Program is true.
type RowFilter struct {
	Text    string
	Program *expr.Program
}

// A Variable is one statistic with its inputs and the arrays its outputs go to.
type Variable struct {
	Name   string
	Stat   core.Statistic
	Inputs []Input
	Arrays []*zarr.Array // one per output of Stat, in order
	Counts bool          // it counts rows: 0, not the fill value, in a cell whose rows are all left out
	Chunk  bool          // it is computed of the rows of each inner chunk: its arrays have a value for each chunk
}

// An Input names where one of a statistic's inputs comes from: a column or a derived one, or, for a statistic that only
// counts rows where none is read, neither; it gets zeros.
type Input struct {
	Name     string // as the statistic calls it
	Column   int    // index into Pipeline.Columns, or -1
	Derived  int    // index into Pipeline.Derived where Column is -1, or -1
	Place    bool   // it is the word of the row's place
	Position string // "lon" or "lat": it is that of the row; "": it is not
	Cell     int    // index into the columns of Grid.Cells and 1 more, of an input that is one value per cell; 0: it is none
	Area     bool   // it is the area of the cell, as the grid, a core.CellMeasurer, has it
	Chunk    int    // index into Pipeline.Chunks and 1 more, of an input that is one value per cell; 0: it is none
}

// A Task is one shard to compute.
type Task struct {
	Shard    core.Shard
	Block    []int64 // its place in the arrays, in shards along each dimension
	Granules []core.Granule
	Home     []bool // by granule: count its rows without a position, which are in no shard, here; nil: of all
	// Window are the only rows, by the clock of Pipeline.Select.Windows; nil: any time. The others are as those of other shards, but that
	// rows which cannot be told to be of a window are counted here where Untimed, by granule, says so.
	Window       *selection.Span
	Untimed      []bool
	Source       core.ObjectReader
	Store        core.ObjectStore
	StoreURL     string
	AllowMissing bool
	Onto         *Onto // what the store has of granules that are not among Granules; nil: nothing that counts
}

// An Object is one object that a task wrote.
type Object struct {
	Key    string // relative to the store
	Size   int64
	SHA256 string
}

// Counts says where the rows went. Read = Refused + Outside + Invalid + Untimed + Unchosen + Fill + NaN + Filtered + Kept.
type Counts struct {
	Read     int64 // rows the reader emitted, refused or found invalid
	Refused  int64 // in the shard, by the reader's filters
	Outside  int64 // emitted, but in another shard or another window
	Invalid  int64 // of granules at home: coordinates not finite or |lat| > 90, whether the reader or the engine noticed
	Untimed  int64 // in the shard, but without a valid time
	Unchosen int64 // in the shard, but not of the selection
	Fill     int64 // in the shard, but a declared variable is its fill value or not valid (MaskRows)
	NaN      int64 // in the shard, but a declared variable is NaN (MaskRows)
	Filtered int64 // refused by an expression filter, or one of its columns has no valid value (MaskInputs)
	Kept     int64
	Times    selection.Extent // of the rows kept, by Pipeline.Time
}

// add adds the counts of another granule or part.
func (c *Counts) add(o Counts) {
	c.Read += o.Read
	c.Refused += o.Refused
	c.Outside += o.Outside
	c.Invalid += o.Invalid
	c.Untimed += o.Untimed
	c.Unchosen += o.Unchosen
	c.Fill += o.Fill
	c.NaN += o.NaN
	c.Filtered += o.Filtered
	c.Kept += o.Kept
	c.Times = c.Times.Join(o.Times)
}

// Phases are seconds of wall time.
type Phases struct{ Read, Group, Reduce, Write float64 }

// A Missing is a granule that could not be read.
type Missing struct {
	Granule string
	Err     error
}

// A Result is what a task did. Objects is empty where no row was kept.
type Result struct {
	Counts    Counts
	Looked    int64           // rows whose coordinates the reader looked at
	Cells     int64           // cells with at least one observation
	LeftOut   []int64         // rows kept that each variable left out because an input is missing; as Pipeline.Vars
	Missing   []Missing       // granules left out because reading them failed (only with AllowMissing)
	Absent    []job.GroupNote // groups that granules do not have
	Empty     []job.GroupNote // groups without a row
	Warned    []job.Warning   // what is wrong with granules that were read
	Unindexed []string        // granules whose index is missing or does not fit
	Unlocated []string        // granules whose index of cells is missing or does not fit
	Objects   []Object
	Unwritten []string // keys of the task's arrays that hold no value; an older run may have left objects there
	Phases    Phases
	Same      bool // with Task.Onto: no row was kept, so that what the store has stays; Objects, Unwritten and Cells are not known

	SpillBytes int64 // rows that were on disk for a while, of granules that no task before has
}

// Run computes one shard and writes its objects. What an earlier run left under Result.Unwritten is the caller's to
// delete, as is the record.
func (p *Pipeline) Run(ctx context.Context, t *Task) (*Result, error) {
	results, errs := p.RunAll(ctx, []*Task{t}, Hooks{})
	return results[0], errs[0]
}

// slots is the number of slots of a shard: the product of the shard's sizes along each dimension.
func (p *Pipeline) slots() int64 {
	f := core.Frame{Dims: p.Dims}
	return f.Slots()
}
