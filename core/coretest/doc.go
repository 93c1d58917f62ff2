// Package coretest contains the contracts of package core as test suites, one each for Grid, ProductReader, Statistic and
// ObjectStore. All grids, readers and statistics of zagg run them, both linked in and as a process. To test your own:
//
//	func TestPromises(t *testing.T) {
//		coretest.Grid(t, coretest.Make(mygrid.Plugin().Grids[0], `{"cell": 100}`), coretest.GridOptions{})
//	}
//
// A reader needs granules to read, and a source to read them from:
//
//	make := coretest.Make(csv.Plugin().Readers[0], `{}`)
//	granules := []core.Granule{{ID: "a", Assets: map[string]string{"data": "testdata/a.csv"}}}
//	coretest.Reader(t, make, new(objstore.File), granules, coretest.ReaderOptions{})
//
// A statistic needs no further input. Maker tests a maker of any kind:
//
//	coretest.Maker(t, mine.Plugin().Statistics[0], `{"ddof": 1}`)
//	coretest.Statistic(t, coretest.Make(mine.Plugin().Statistics[0], `{"ddof": 1}`), coretest.StatisticOptions{})
//
// The suites generate random inputs, which are the same for the same Options.Seed; failures print the seed. Options provide what
// the suites cannot know (where on Earth a small grid lies, which values a statistic expects). A failed check prints the call,
// the result and the rule. Run a single check with go test -run TestPromises/CoverPoles; concurrent checks find more with -race.
//
// The suites report to a Tester. *testing.T is one; a Recorder is one for other programs: `zagg plugins verify` lists its
// Results. This package imports neither testing nor an assertion library.
package coretest
