package main

import (
	"context"
	_ "embed"

	"github.com/englacial/zagg/bench/internal/peer"
)

//go:embed peers.py
var peersScript string

// A reader is an interpreter that reads with other software when it is told to.
type reader struct{ *peer.Python }

func startReader(ctx context.Context, exe string, env map[string]string) (*reader, error) {
	var more []string
	for name, value := range env {
		more = append(more, name+"="+value)
	}
	p, err := peer.Start(ctx, exe, peersScript, more...)
	return &reader{p}, err
}

// ask has one read done: of all rows, or of as many as are given in the middle of each dataset.
func (r *reader) ask(name, path string, rows ...int) (sample, error) {
	var answer struct {
		Wall, CPU float64
		Sum       string
	}
	err := r.Ask(map[string]any{"reader": name, "path": path, "rows": rows, "datasets": paths()}, &answer)
	return sample{wall: answer.Wall, cpu: answer.CPU, sum: answer.Sum}, err
}
