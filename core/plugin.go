package core

import (
	"context"
	"encoding/json"
)

// Config is the JSON settings of a grid, reader or statistic.
type Config = json.RawMessage

// A Plugin is a named list of makers. It has the same form for linked-in plugins and for plugin processes.
type Plugin struct {
	Name, Version string
	Grids         []Maker[Grid]
	Readers       []Maker[ProductReader]
	Statistics    []Maker[Statistic]
}

// A Maker makes one kind of grid, reader or statistic by name.
type Maker[T any] struct {
	Name, Doc string
	Schema    json.RawMessage // JSON schema of Config, for listings and editors
	// New decodes config strictly and decides whether it is valid (else Invalid). The result may also be an io.Closer.
	New func(ctx context.Context, config Config) (T, error)
}
