// Package coretest is the promises of package core as test suites: one each for Grid, ProductReader, Statistic and
// ObjectStore. Every grid, reader and statistic that zagg brings runs them, linked in and in a process of its own;
// whoever writes another one runs them in three lines:
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
// A statistic needs nothing; Maker is for what a plugin offers by name, of any kind:
//
//	coretest.Maker(t, mine.Plugin().Statistics[0], `{"ddof": 1}`)
//	coretest.Statistic(t, coretest.Make(mine.Plugin().Statistics[0], `{"ddof": 1}`), coretest.StatisticOptions{})
//
// The suites make their own inputs: random, but the same in every run with one Options.Seed, which a failure prints.
// What they cannot know (where on Earth a small grid lies, which values a statistic is made for) is in the options. A
// check says what was asked, what came, and what was promised instead. One check of a suite is run with
// go test -run TestPromises/CoverPoles; with -race the concurrent ones find more.
//
// The suites are generic in what they report to. *testing.T is a Tester; a Recorder is one for programs that are no
// tests: `zagg plugins verify` lists its Results. This package imports neither testing nor an assertion library.
package coretest
