package run

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
)

func TestGranules(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"b.h5", "a.h5", "sub/c.h5", "notes.txt", "x,y.h5"} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(folder, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte("x"), 0o644))
	}
	list := filepath.Join(folder, "list")
	require.NoError(t, os.WriteFile(list, []byte("# mine\n"+folder+"/b.h5\n\ns3://bucket/z.h5\n"), 0o644))
	in := func(names ...string) []string {
		for i, n := range names {
			names[i] = filepath.Join(folder, n)
		}
		return names
	}
	for _, c := range []struct {
		args []string
		want []string
	}{
		{in("a.h5"), in("a.h5")},
		{in("*.h5"), in("a.h5", "b.h5", "x,y.h5")},
		{in("x,y.h5"), in("x,y.h5")},
		{[]string{folder}, in("a.h5", "b.h5", "sub/c.h5", "x,y.h5")},
		{[]string{in("b.h5")[0] + "," + in("a.h5")[0]}, in("a.h5", "b.h5")},
		{[]string{in("a.h5")[0], in("a.h5")[0]}, in("a.h5")},
		{[]string{"@" + list}, []string{in("b.h5")[0], "s3://bucket/z.h5"}},
		{[]string{"https://host/q.h5?x=1"}, []string{"https://host/q.h5?x=1"}},
	} {
		got, err := Granules(t.Context(), &objstore.File{}, c.args)
		require.NoError(t, err, c.args)
		urls := make([]string, len(got))
		for i, g := range got {
			urls[i] = g.URL()
		}
		require.Equal(t, c.want, urls, c.args)
	}
	store := &objstore.Mem{}
	for _, url := range []string{"s3://b/in/1.h5", "s3://b/in/2.h5", "s3://b/in/deep/3.h5", "s3://b/in/readme.md"} {
		require.NoError(t, objstore.PutBytes(t.Context(), store, url, []byte("x"), core.PutOptions{}))
	}
	got, err := Granules(t.Context(), store, []string{"s3://b/in/*.h5"})
	require.NoError(t, err)
	require.Len(t, got, 2)
	got, err = Granules(t.Context(), store, []string{"s3://b/in/"})
	require.NoError(t, err)
	require.Len(t, got, 3)

	for _, args := range [][]string{in("none.h5"), in("none*"), {"@" + folder + "/none"}, in("[")} {
		_, err := Granules(t.Context(), store, args)
		require.Error(t, err, args)
	}
}
