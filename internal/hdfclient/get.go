package hdfclient

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/englacial/zagg/core"
)

// GetOptions say which values of a dataset, and how.
type GetOptions struct {
	Select, Fields, Query string // as the API takes them; "" is all
	Limit                 int    // most rows of Query; 0: all
	Binary                bool   // packed bytes in the file's byte order instead of JSON
}

// Get is the values of a dataset as JSON, one row a line, or their bytes; of a group or a committed type its description.
func (c *Client) Get(ctx context.Context, path string, o GetOptions) ([]byte, error) {
	var found object
	if err := c.object(ctx, "/", map[string]string{"h5path": path}, &found); err != nil {
		return nil, err
	}
	if strings.HasPrefix(found.ID, "d-") {
		return o.values(ctx, c, &found)
	}
	if o.Select+o.Fields+o.Query != "" || o.Binary {
		return nil, core.Errorf(core.Invalid, "hdf", c.domain+" "+path, "is not a dataset: it has no values to select")
	}
	return describeObject(ctx, c, path)
}

// describeObject is all that is known of a group or type.
func describeObject(ctx context.Context, c *Client, path string) ([]byte, error) {
	resp, err := c.get(ctx, "/", map[string]string{"h5path": path, "include_attrs": "1", "include_links": "1", "ignore_nan": "1"}, "application/json")
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, resp.Body, "", "  "); err != nil {
		return nil, core.Errorf(core.Corrupt, "hdf", c.domain+" "+path, "the answer is not JSON: %w", err)
	}
	return append(out.Bytes(), '\n'), nil
}

// values asks for a dataset's values.
func (o GetOptions) values(ctx context.Context, c *Client, of *object) ([]byte, error) {
	if of.Shape.Class == "H5S_NULL" {
		return []byte("null\n"), nil
	}
	params := map[string]string{"select": o.Select, "fields": o.Fields, "query": o.Query}
	if o.Limit > 0 {
		params["Limit"] = fmt.Sprint(o.Limit)
	}
	at := "/datasets/" + of.ID + "/value"
	if o.Binary {
		resp, err := c.get(ctx, at, params, "application/octet-stream")
		if err != nil {
			return nil, err
		}
		return resp.Body, nil
	}
	var answer struct{ Value json.RawMessage }
	if err := c.object(ctx, at, params, &answer); err != nil {
		return nil, err
	}
	var rows []json.RawMessage
	if of.Shape.Class == "H5S_SCALAR" || json.Unmarshal(answer.Value, &rows) != nil {
		return append(answer.Value, '\n'), nil
	}
	var out []byte
	for _, r := range rows {
		out = append(append(out, r...), '\n')
	}
	return out, nil
}
