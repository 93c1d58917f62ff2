package core

import (
	"context"
	"encoding/json"
)

// Config is the JSON a thing is made from.
type Config = json.RawMessage

// A Plugin is a named list of makers. Linked in or in a process of its own, it is this value.
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
	// New decodes its config strictly and is the judge of it. What it returns may be an io.Closer.
	New func(ctx context.Context, config Config) (T, error)
}
