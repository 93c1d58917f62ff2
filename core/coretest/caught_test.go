package coretest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core/coretest"
)

// only is a Tester that runs one check, and what the suite needs for it.
type only struct {
	*coretest.Recorder
	check string
}

func (o only) Run(name string, check func(only)) bool {
	if name != o.check {
		return true
	}
	return o.Recorder.Run(name, func(r *coretest.Recorder) { check(only{r, o.check}) })
}

// caught wants a check of that name to fail, with words about it.
func caught(t *testing.T, check string, suite func(only)) {
	t.Helper()
	recorder := coretest.NewRecorder(t.Context(), time.Minute)
	recorder.Run("suite", func(r *coretest.Recorder) { suite(only{r, check}) })
	var failed []string
	for _, r := range recorder.Results() {
		if r.Passed() {
			continue
		}
		failed = append(failed, r.Name)
		text := strings.Join(r.Failures, "\n")
		t.Logf("%s: %.300s", r.Name, text)
		require.NotContains(t, text, "debug.Stack", "a panic")
		require.NotContains(t, text, "%!", "a slip in the words")
	}
	require.Contains(t, failed, "suite/"+check)
}
