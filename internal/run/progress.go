package run

// Showing progress: the interface that a command line or another program implements.

// A Step is a stage of a run. They come in this order, each once.
type Step int

// The steps of a run.
const (
	Configure Step = iota + 1 // the configuration becomes a grid, a reader and statistics
	Find                      // the shards are taken from a shard map, or found in the granules
	Choose                    // those to compute are chosen
	SetUp                     // the store is made ready
	Compute                   // shards are computed
	Prune                     // what the plan does not have is removed
	Finish                    // the report is written
)

// Steps is how many steps a run has.
const Steps = int(Finish)

// A Progress shows how a run goes. Warn may be called from another goroutine than the rest.
type Progress interface {
	Step(s Step, text string) // a step begins
	Note(text string)         // something about the step
	Warn(text string)         // what is to be seen even by who wants no progress
	// Count begins something that is done total times; unit is what is counted, in the plural. Finish ends it.
	Count(total int, unit string) Counter
}

// A Counter shows the progress of a long step.
type Counter interface {
	Step(text string) // one more is done; text is about that one
	Say(line string)  // a line that stays
	Finish()
}

// silence is the Progress that shows nothing.
type silence struct{}

func (silence) Step(Step, string)         {}
func (silence) Note(string)               {}
func (silence) Warn(string)               {}
func (silence) Count(int, string) Counter { return noCount{} }

type noCount struct{}

func (noCount) Step(string) {}
func (noCount) Say(string)  {}
func (noCount) Finish()     {}
