package hsds_test

import (
	"encoding/json"
	"net/url"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/hdfrest"
	"github.com/englacial/zagg/internal/hdfrest/hsds"
)

// Concurrent requests that each change one of the rows for which a condition holds change different rows.
func TestConcurrentQueriesClaimDifferentRows(t *testing.T) {
	f := newRefusing(t, hdfrest.Limits{})
	var claims sync.WaitGroup
	rows := make([][]int, 5)
	for i := range rows {
		claims.Go(func() {
			r := f.ask("admin", "PUT", "/datasets/"+f.rows+"/value", url.Values{"domain": {domainOf}, "query": {"a == 0"}, "Limit": {"1"}}, map[string]any{"a": i + 1})
			var answer struct{ Value [][]any }
			if json.Unmarshal(r.Body, &answer) != nil {
				return
			}
			for _, row := range answer.Value {
				rows[i] = append(rows[i], int(row[0].(float64)))
			}
		})
	}
	claims.Wait()
	all := slices.Concat(rows...)
	slices.Sort(all)
	require.Equal(t, []int{0, 1, 2, 3, 4}, all)
}

// A value for an attribute that was given another type meanwhile is refused by the store: the old type does not come back.
func TestAttributeKeepsTheTypeItWasGiven(t *testing.T) {
	f := newRefusing(t, hdfrest.Limits{})
	folder, err := hsds.OpenFolder(f.dir)
	require.NoError(t, err)
	d, err := hsds.New(hsds.Options{Bucket: hsds.One(bucketName, folder, ""), Write: true, Unconditional: true}).Open(t.Context(), hdfrest.Name{Bucket: bucketName, Path: domainOf})
	require.NoError(t, err)
	id, ok := hdfrest.ParseID(f.group)
	require.True(t, ok)
	at := "/groups/" + f.group + "/attributes/there"
	in := url.Values{"domain": {domainOf}}
	o, err := d.Objects(t.Context(), id)
	require.NoError(t, err)
	list, err := o[0].Attributes(t.Context())
	require.NoError(t, err)
	r := f.ask("admin", "PUT", at, url.Values{"domain": {domainOf}, "replace": {"1"}}, map[string]any{"type": "H5T_IEEE_F64LE", "shape": []int{1}, "value": []float64{2.5}})
	require.Equal(t, 201, r.Status)
	old := hdfrest.NewAttribute{Name: "there", Type: list[0].Type, Shape: list[0].Shape, Value: []byte("[1, 2]")}
	err = d.(hdfrest.Writable).SetAttributes(t.Context(), []hdfrest.AttributeSet{{ID: id, Attributes: []hdfrest.NewAttribute{old}, Replace: true, Change: true}})
	require.ErrorIs(t, err, hdfrest.ErrOtherType)
	require.Equal(t, 200, f.ask("admin", "PUT", at+"/value", in, map[string]any{"value": []float64{3.5}}).Status)
}

// Half a character in a body is refused: names that differ in it would be the same. Whole ones, and bytes, are not.
func TestHalvesOfCharactersAreRefused(t *testing.T) {
	f := newRefusing(t, hdfrest.Limits{})
	for text, status := range map[string]int{`\ud800`: 400, `\udfff`: 400, `a\ud800\u0041`: 400, `\udc00\ud800`: 400, `\ud83d\ude00`: 201, `\udc80`: 201, `\\ud800`: 201} {
		body := json.RawMessage(`{"attributes": {"` + text + `": {"type": "H5T_STD_I16LE", "value": 1}}}`)
		r := f.ask("admin", "PUT", "/groups/"+f.group+"/attributes", url.Values{"domain": {domainOf}}, body)
		require.Equal(t, status, r.Status, "%s: %s", text, r.Header.Get("X-Hdf-Error"))
	}
}

// A check removes the journal of a dataset whose remover was killed after the dataset was gone.
func TestJournalOfRemovedDatasetIsRemoved(t *testing.T) {
	f := newRefusing(t, hdfrest.Limits{})
	in := url.Values{"domain": {domainOf}}
	require.Equal(t, 200, f.ask("admin", "PUT", "/datasets/"+f.rows+"/value", url.Values{"domain": {domainOf}, "query": {"a == 0"}}, map[string]any{"a": 1}).Status)
	folder, err := hsds.OpenFolder(f.dir)
	require.NoError(t, err)
	n := hdfrest.Name{Bucket: bucketName, Path: domainOf}
	open := func(src hsds.Source) *hsds.Store {
		return hsds.New(hsds.Options{Bucket: hsds.One(bucketName, src, ""), Write: true, Unconditional: true, Retry: objstore.Policy{Attempts: 1}})
	}
	d, err := open(&dying{folder, 2}).Open(t.Context(), n) // the metadata and the summary are removed
	require.NoError(t, err)
	id, _ := hdfrest.ParseID(f.rows)
	require.Error(t, d.(hdfrest.Writable).Remove(t.Context(), id))
	require.Equal(t, 200, f.ask("admin", "DELETE", "/groups/"+f.root+"/links/r", in, nil).Status)
	_, err = open(folder).Check(t.Context(), n, hsds.Check{Fix: true})
	require.NoError(t, err)
	for key := range f.stored() {
		require.NotContains(t, key, ".write")
	}
}
