package coretest

import (
	"context"
	"math/rand/v2"
	"reflect"
	"strings"

	"github.com/englacial/zagg/core"
)

// StatisticOptions are the options of Statistic. All may be left out for a statistic of any numbers.
type StatisticOptions struct {
	Options
	// Types are those an input is tried with. An input that is not listed is tried with all types of numbers, of which it
	// may refuse some, but not float64.
	Types map[string][]core.Type
	// Values gives n values of an input, for statistics that are made for particular ones (angles, flags, weights that
	// are not negative). For other inputs they are any numbers.
	Values map[string]func(r *rand.Rand, n int) []float64
	// Rounding is the largest relative difference between a Fold of parts and the whole; 0: 1e-9, negative: none.
	Rounding float64
	// SameFold says whether a Fold of parts is as good as the whole, for outputs that are not numbers to be compared one
	// by one (sketches); nil: by Rounding.
	SameFold func(whole, folded []core.Column) error
}

// Statistic tests the statistics that make gives, which are all the same. Those that are io.Closers are closed in the
// end.
func Statistic[S Tester[S]](t S, make func(context.Context) (core.Statistic, error), opt StatisticOptions) {
	t.Helper()
	if opt.Rounding == 0 {
		opt.Rounding = 1e-9
	}
	s := &statisticSuite{StatisticOptions: opt, make: make}
	defer func() { closeAll(s.made) }()
	runAll(t, opt.Options, s.steps())
}

// A statisticSuite is what the checks of a statistic share.
type statisticSuite struct {
	StatisticOptions
	make      func(context.Context) (core.Statistic, error)
	made      []core.Statistic
	statistic core.Statistic
	info      core.StatisticInfo
	forms     []form // that it takes
}

func (s *statisticSuite) steps() []step {
	const fold = "zagg coarsen makes coarser levels, runs with more granules than before fold them in"
	return []step{
		{name: "New", run: s.checkNew, needed: true},
		{name: "Info", run: s.checkInfo, needed: true},
		{name: "Compute", run: s.checkCompute, needed: true, share: 13},
		{name: "Empty", run: s.checkEmpty},
		{name: "Sizes", run: s.checkSizes, share: 450},
		{name: "OddValues", run: s.checkOddValues, share: 125},
		{name: "SameBytes", run: s.checkSameBytes, share: 35},
		{name: "CellsApart", run: s.checkCellsApart, share: 130},
		{name: "Parts", run: s.checkParts, share: 50},
		{name: "WrongInputs", run: s.checkWrongInputs},
		{name: "Concurrent", run: s.checkConcurrent, share: 165},
		{name: "Cancelled", run: s.checkCancelled, share: 7},
		{name: "Fold", run: s.checkFold, share: 11, use: fold},
		{name: "FoldOfOne", run: s.checkFoldOfOne, use: fold},
		{name: "FoldOfFolds", run: s.checkFoldOfFolds, use: fold},
		{name: "FoldWrongInputs", run: s.checkFoldWrongInputs, use: fold},
	}
}

func (s *statisticSuite) checkNew(c *check) {
	var err error
	s.statistic, err = s.make(c.ctx)
	c.must(err, "New")
	c.that(s.statistic != nil, "New gives no statistic and no error")
	s.made = append(s.made, s.statistic)
	s.info = s.statistic.Info()
	again, err := s.make(c.ctx)
	c.must(err, "New again")
	s.made = append(s.made, again)
	c.that(reflect.DeepEqual(again.Info(), s.info), "two statistics of one config differ: %+v and %+v", s.info, again.Info())
}

// checkInfo: inputs can be bound to columns by name, arrays can be made of the outputs.
func (s *statisticSuite) checkInfo(c *check) {
	c.that(reflect.DeepEqual(s.statistic.Info(), s.info), "Info gives another answer the second time")
	inputs, outputs := map[string]bool{}, map[string]bool{}
	for _, in := range s.info.Inputs {
		c.that(safeName(in.Name), "the input %q is no plain name", in.Name)
		c.that(!inputs[in.Name], "two inputs are called %q", in.Name)
		inputs[in.Name] = true
	}
	c.that(len(s.info.Outputs) > 0, "the statistic has no output")
	for i := range s.info.Outputs {
		f := &s.info.Outputs[i]
		c.that(f.Name == "" || safeName(f.Name), "the output %q is no plain name", f.Name)
		c.that(!outputs[f.Name], "two outputs are called %q", f.Name)
		outputs[f.Name] = true
		if f.Type == 0 {
			c.that(len(s.info.Inputs) > 0, "output %q has the type of the first input, but there is none", f.Name)
			checkShape(c, f)
		} else {
			checkField(c, f)
		}
		for part := range strings.SplitSeq(f.Units, "{") {
			if name, _, ok := strings.Cut(part, "}"); ok {
				c.that(inputs[name], "the units %q of output %q name %q, which is no input", f.Units, f.Name, name)
			}
		}
	}
}
