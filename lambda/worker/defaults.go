package worker

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/job"
)

// configOf is the job's configuration. An event without one is of the time when there was only ATL06 on HEALPix: the
// orders are the event's, and where its key is a decimal, latitudes were taken as they are.
func configOf(j *job.Job) (*config.Config, error) {
	if j.Config != nil {
		cfg, _, err := config.Parse("config", j.Config)
		return cfg, err
	}
	cfg, _, err := config.Default("atl06")
	if err != nil {
		return nil, err
	}
	text, err := edit(cfg.JSON(), []string{"output", "grid"}, func(grid map[string]json.RawMessage) {
		grid["layout"] = json.RawMessage(`"fullsphere"`)
		if j.ParentOrder != nil {
			grid["parent_order"] = json.RawMessage(strconv.Itoa(*j.ParentOrder))
		}
		if j.ChildOrder != nil {
			grid["child_order"] = json.RawMessage(strconv.Itoa(*j.ChildOrder))
		}
		if legacyKey(j.ShardKey) {
			grid["latitude"] = json.RawMessage(`"geodetic-spherical"`)
		}
	})
	if err != nil {
		return nil, err
	}
	cfg, _, err = config.Parse("atl06", text)
	return cfg, err
}

// edit changes the object at a path of a JSON document.
func edit(doc json.RawMessage, path []string, change func(map[string]json.RawMessage)) (json.RawMessage, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(doc, &members); err != nil {
		return nil, core.Errorf(core.Internal, "config", strings.Join(path, "."), "%w", err)
	}
	if len(path) == 0 {
		change(members)
	} else {
		inner, err := edit(members[path[0]], path[1:], change)
		if err != nil {
			return nil, err
		}
		members[path[0]] = inner
	}
	return json.Marshal(members)
}

// legacyKey reports a decimal string as earlier releases sent it, signed and short: a packed word is never below 2⁶⁰.
func legacyKey(key core.ShardKey) bool {
	digits, negative := strings.CutPrefix(string(key), "-")
	n, err := strconv.ParseUint(digits, 10, 64)
	return err == nil && (negative || n < 1<<60)
}

// checkOrders holds the orders that an event states against the grid that its configuration makes. Grids without orders
// have nothing to compare.
func checkOrders(j *job.Job, signature json.RawMessage) error {
	var grid struct {
		Parent *int `json:"parent_order"`
		Child  *int `json:"child_order"`
	}
	if json.Unmarshal(signature, &grid) != nil {
		return nil
	}
	for _, o := range []struct {
		name        string
		event, grid *int
	}{{"parent_order", j.ParentOrder, grid.Parent}, {"child_order", j.ChildOrder, grid.Child}} {
		if o.event != nil && o.grid != nil && *o.event != *o.grid {
			return core.Errorf(core.Invalid, "event", o.name, "is %d, and the configuration's grid has %d", *o.event, *o.grid)
		}
	}
	return nil
}
