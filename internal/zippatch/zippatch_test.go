package zippatch_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/zippatch"
)

// memory is an archive in memory.
type memory []byte

func (m memory) ReadAt(_ context.Context, p []byte, offset int64) error {
	if offset < 0 || offset+int64(len(p)) > int64(len(m)) {
		return core.Errorf(core.Internal, "test", "", "bytes %d to %d of %d", offset, offset+int64(len(p)), len(m))
	}
	copy(p, m[offset:])
	return nil
}

// A file is one of an archive to be made.
type file struct {
	zip.FileHeader
	content string
}

func named(name, content string) file {
	return file{zip.FileHeader{Name: name, Method: zip.Deflate}, content}
}

func archive(t testing.TB, files ...file) []byte {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, f := range files {
		w, err := z.CreateHeader(&f.FileHeader)
		require.NoError(t, err)
		_, err = io.WriteString(w, f.content)
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	return out.Bytes()
}

func patch(data []byte, edits ...zippatch.Edit) ([]byte, zippatch.Counts, error) {
	a, err := zippatch.Open(context.Background(), memory(data), int64(len(data)), "a.zip")
	if err != nil {
		return nil, zippatch.Counts{}, err
	}
	plan, err := a.Apply(edits)
	if err != nil {
		return nil, zippatch.Counts{}, err
	}
	var out []byte
	for _, p := range plan.Pieces {
		if p.Data != nil {
			out = append(out, p.Data...)
		} else {
			out = append(out, data[p.Offset:p.Offset+p.Length]...)
		}
	}
	return out, plan.Counts, nil
}

func set(name, content string) zippatch.Edit {
	return zippatch.Edit{Name: name, Content: zippatch.Bytes([]byte(content))}
}

func contents(t testing.TB, data []byte) (names []string, by map[string]string) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	require.NoError(t, err)
	by = map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		require.NoError(t, err)
		text, err := io.ReadAll(r)
		require.NoError(t, err)
		names, by[f.Name] = append(names, f.Name), string(text)
	}
	return names, by
}

func TestEdits(t *testing.T) {
	old := archive(t, named("a", "1"), named("b", "2"), named("c", "3"))
	out, n, err := patch(old, set("new", "4"), set("b", strings.Repeat("two", 1000)), zippatch.Edit{Name: "a"}, set("c", ""))
	require.NoError(t, err)
	require.Equal(t, zippatch.Counts{Added: 1, Modified: 2, Deleted: 1}, n)
	names, by := contents(t, out)
	require.Equal(t, []string{"b", "c", "new"}, names)
	require.Equal(t, map[string]string{"b": strings.Repeat("two", 1000), "c": "", "new": "4"}, by)
	again, _, err := patch(old, set("new", "4"), set("b", strings.Repeat("two", 1000)), zippatch.Edit{Name: "a"}, set("c", ""))
	require.NoError(t, err)
	require.Equal(t, out, again, "the same change gives the same bytes")
	same, n, err := patch(out)
	require.NoError(t, err)
	require.Zero(t, n)
	_, kept := contents(t, same)
	require.Equal(t, by, kept)
	empty, _, err := patch(old, zippatch.Edit{Name: "a"}, zippatch.Edit{Name: "b"}, zippatch.Edit{Name: "c"})
	require.NoError(t, err)
	full, _, err := patch(empty, set("x", "y"))
	require.NoError(t, err)
	names, _ = contents(t, full)
	require.Equal(t, []string{"x"}, names)
}

// The end records of zip64 come and go with the number of entries.
func TestSixtySixThousandEntries(t *testing.T) {
	files := make([]file, 65535)
	for i := range files {
		files[i] = file{zip.FileHeader{Name: fmt.Sprintf("f/%d", i)}, "x"}
	}
	old := archive(t, files[:65534]...)
	for range 2 { // into zip64, and on in it
		edits := []zippatch.Edit{set("f/7", "seven")}
		for i := range 466 {
			edits = append(edits, set(fmt.Sprintf("%d/%d", len(old), i), "new"))
		}
		out, n, err := patch(old, edits...)
		require.NoError(t, err)
		require.Equal(t, zippatch.Counts{Added: 466, Modified: 1}, n)
		names, by := contents(t, out)
		require.Len(t, names, len(by))
		require.Equal(t, "seven", by["f/7"])
		old = out
	}
	names, _ := contents(t, old)
	require.Len(t, names, 65534+2*466)
	edits := make([]zippatch.Edit, 0, 1000)
	for _, name := range names[:1000] {
		edits = append(edits, zippatch.Edit{Name: name})
	}
	out, _, err := patch(old, edits...)
	require.NoError(t, err)
	left, _ := contents(t, out)
	require.Equal(t, names[1000:], left)
	require.NotContains(t, string(out[len(out)-42:]), "PK\x06\x07")
}

// Every way in which an archive can be bad is an error that names the archive and what is wrong with it.
func TestRefused(t *testing.T) {
	good := archive(t, named("first", strings.Repeat("one ", 100)), named("second", "two"))
	at := func(mark string, nth int) int {
		i := -1
		for range nth {
			i += 1 + bytes.Index(good[i+1:], []byte(mark))
		}
		return i
	}
	change := func(at int, with ...byte) []byte {
		out := bytes.Clone(good)
		copy(out[at:], with)
		return out
	}
	central := at("PK\x01\x02", 1)
	u32 := func(n int) []byte { return binary.LittleEndian.AppendUint32(nil, uint32(n)) }
	lzma := file{zip.FileHeader{Name: "x"}, ""}
	link := zip.FileHeader{Name: "link"}
	link.SetMode(0o777 | 1<<27) // fs.ModeSymlink
	for name, c := range map[string]struct {
		data []byte
		code core.Code
		want string
	}{
		"nothing":            {nil, core.Corrupt, "not a zip"},
		"no zip":             {[]byte(strings.Repeat("hello ", 100)), core.Corrupt, "not a zip"},
		"truncated":          {good[:len(good)-1], core.Corrupt, "truncated"},
		"cut in half":        {good[:len(good)/2], core.Corrupt, "not a zip, or truncated"},
		"bytes behind":       {append(bytes.Clone(good), 0), core.Corrupt, "bytes behind its end"},
		"no directory":       {good[central:], core.Corrupt, "does not fit before its end record"},
		"content":            {change(40, 0xff, 0xff, 0xff), core.Corrupt, "a.zip: first: its local header or content, from byte 0"},
		"CRC":                {change(central+16, 1, 2, 3, 4), core.Corrupt, "first: its local header or content, from byte 0: has another CRC"},
		"local header":       {change(0, 'X'), core.Corrupt, "first: its local header"},
		"local name":         {change(30, 'X'), core.Corrupt, "another name than the directory"},
		"local method":       {change(8, 0), core.Corrupt, "another method"},
		"overlap":            {change(central+20, u32(10000)...), core.Corrupt, "first: overlaps with what follows"},
		"offset":             {change(central+42, u32(central)...), core.Corrupt, "first: its place, byte"},
		"bomb":               {change(central+24, u32(3)...), core.Corrupt, "first: its local header or content, from byte 0: unpacks to more than the directory says: a bomb"},
		"large":              {change(central+24, u32(2<<30)...), core.Unsupported, "first: unpacked, all up to this has more than 1024 MB"},
		"encrypted":          {change(central+8, 1), core.Unsupported, "first: is encrypted"},
		"several disks":      {change(len(good)-18, 1), core.Unsupported, "one of several parts"},
		"zip64 without":      {change(central+20, u32(-1)...), core.Corrupt, "zip64 field"},
		"count":              {change(len(good)-14, 1, 0, 1, 0), core.Corrupt, "has 2 entries and its end record says"},
		"twice":              {archive(t, named("x", "1"), named("x", "2")), core.Invalid, "a.zip: x: is there twice"},
		"slip":               {archive(t, named("../../etc/passwd", "1")), core.Invalid, `../../etc/passwd: the name has ".."`},
		"slip in the middle": {archive(t, named("a/../../b", "1")), core.Invalid, `the name has ".."`},
		"slip on Windows":    {archive(t, named(`a\..\..\b`, "1")), core.Invalid, `the name has ".."`},
		"absolute":           {archive(t, named("/etc/passwd", "1")), core.Invalid, "the name is absolute"},
		"drive":              {archive(t, named("C:/x", "1")), core.Invalid, "the name is absolute"},
		"no name":            {archive(t, named("", "1")), core.Invalid, "has no name"},
		"below a link":       {archive(t, file{link, "/etc"}, named("link/passwd", "1")), core.Invalid, "lies below link, which is a link"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := patch(c.data, set("n", "v"))
			require.ErrorContains(t, err, c.want)
			require.ErrorContains(t, err, "a.zip")
			require.Equal(t, c.code, core.CodeOf(err), err)
		})
	}
	_, _, err := patch(archive(t, lzma), set("x", "y"))
	require.NoError(t, err)
	for want, edits := range map[string][]zippatch.Edit{
		`the name has ".."`:                 {set("../x", "")},
		"is to be changed twice":            {set("x", ""), set("x", "")},
		"is a folder":                       {set("x/", "")},
		"is to be deleted and is not there": {{Name: "none"}},
		"has no name":                       {set("", "")},
	} {
		_, _, err := patch(good, edits...)
		require.ErrorContains(t, err, want)
	}
}

// A bomb of entries that share their content is refused, whatever they unpack to.
func TestOverlappingEntries(t *testing.T) {
	data := archive(t, named("a", strings.Repeat("x", 1000)), named("b", strings.Repeat("x", 1000)))
	second := bytes.LastIndex(data, []byte("PK\x01\x02"))
	copy(data[second+42:], []byte{0, 0, 0, 0})
	_, _, err := patch(data)
	require.ErrorContains(t, err, "overlaps with what follows")
}

// Whatever the bytes are: an error, or an archive that can be changed and read again.
func FuzzPatch(f *testing.F) {
	f.Add(archive(f, named("a", "1"), named("b/c", strings.Repeat("2", 100))))
	f.Add(archive(f, file{zip.FileHeader{Name: "stored", Comment: "c", Extra: []byte{1, 0, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8}}, "1"}))
	f.Add([]byte("stub" + string(archive(f))))
	f.Fuzz(func(t *testing.T, data []byte) {
		out, _, err := patch(data, set("n", "v"))
		if err != nil {
			require.NotEqual(t, core.Internal, core.CodeOf(err), err)
			return
		}
		_, n, err := patch(out, set("n", "w"))
		require.NoError(t, err)
		require.Equal(t, zippatch.Counts{Modified: 1}, n)
	})
}
