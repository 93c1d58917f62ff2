package sharedtest

import "testing"

func TestSweep(t *testing.T) {
	t.Setenv("ZAGG_SWEEPS", "")
	if Sweep() {
		t.Error("a sweep without ZAGG_SWEEPS")
	}
	t.Setenv("ZAGG_SWEEPS", "1")
	if !Sweep() {
		t.Error("no sweep with ZAGG_SWEEPS")
	}
	NeedsSweep(t)
	if t.Skipped() {
		t.Error("skipped in a sweep")
	}
}
