package core

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// Keys keep every digit: JSON integers below 2^64 in both directions, anything else as a string.
func TestShardKeyJSON(t *testing.T) {
	for key, want := range map[ShardKey]string{
		"12683825400535580678": "12683825400535580678", "0": "0", "18446744073709551615": "18446744073709551615",
		"18446744073709551616": `"18446744073709551616"`, "-5111123": `"-5111123"`, "007": `"007"`, "": `""`, "8a2a": `"8a2a"`,
	} {
		b, err := json.Marshal(key)
		require.NoError(t, err)
		require.Equal(t, want, string(b))
		var back ShardKey
		require.NoError(t, json.Unmarshal(b, &back))
		require.Equal(t, key, back)
	}
	var k ShardKey
	require.NoError(t, json.Unmarshal([]byte("-6134114"), &k))
	require.Equal(t, ShardKey("-6134114"), k)
	for _, bad := range []string{"1.5", "1e3", "null", "true", "{}", "99999999999999999999999"} {
		require.Equal(t, Invalid, CodeOf(json.Unmarshal([]byte(bad), &k)), bad)
	}
}

func TestCompareKeys(t *testing.T) {
	keys := []ShardKey{"100", "99", "-1", "5", "12"}
	slices.SortFunc(keys, CompareKeys)
	require.Equal(t, []ShardKey{"5", "-1", "12", "99", "100"}, keys)
}

// A subject is in the text of an error once, however often it is named on the way, and no function of Go is.
func TestErrorNamesItsSubjectOnce(t *testing.T) {
	cause := errors.New("it is gone")
	for _, subject := range []string{"s3://b/a/x.h5", "/data/x y.h5", "https://u:p@h/x.h5?sig=1", "x.h5"} {
		shown := Address(subject).String()
		for _, first := range []error{
			cause, fmt.Errorf("%s: %w", Address(subject), cause), fmt.Errorf("open %s: %w", Address(subject), cause), fmt.Errorf("Get %q: %w", Address(subject), cause),
			Errorf(NotFound, "h5.Open", subject, "%w", cause), Errorf(NotFound, "read", subject, "%w", cause),
		} {
			for _, second := range []error{Wrap(first, "h5.Open", subject), Wrap(first, "read granule", subject), Wrap(first, "", path.Base(shown)), Wrap(first, "h5.Read", subject+" /gt1l/h")} {
				for _, err := range []error{second, Wrap(second, "", subject), Wrap(second, "store.Check", ""), Wrap(second, "plan", subject)} {
					require.LessOrEqual(t, strings.Count(err.Error(), shown), 1, err.Error())
					require.Contains(t, err.Error(), path.Base(shown))
					require.True(t, strings.HasSuffix(err.Error(), "it is gone"), err.Error())
					require.NotRegexp(t, `h5\.[A-Z]|store\.[A-Z]`, err.Error())
					require.ErrorIs(t, err, cause)
					require.Equal(t, CodeOf(first), CodeOf(err))
				}
			}
		}
	}
	require.EqualError(t, Wrap(Errorf(NotFound, "", "/a/b.h5", "no such file"), "read granule", "b.h5"), "read granule /a/b.h5: no such file")
	require.EqualError(t, Wrap(Errorf(NotFound, "", "/a/b.h5", "no such file"), "read granule", "/a/b.h5"), "read granule /a/b.h5: no such file")
	require.EqualError(t, Errorf(Invalid, "array", "data", "no data"), "array data: no data", "a word of the language names nothing")
	require.EqualError(t, Errorf(Invalid, "shard", "12", "12 rows"), "shard 12: 12 rows")
	require.EqualError(t, Errorf(Invalid, "output.Grid", "", "y"), "y")
	require.EqualError(t, Errorf(Invalid, "output.grid", "", "y"), "output.grid: y")
	_, number := strconv.ParseFloat("x strconv.", 64)
	require.EqualError(t, Errorf(Invalid, "", "row 1", "%w, %w", number, number), `row 1: "x strconv.": invalid syntax, "x strconv.": invalid syntax`)
	require.NoError(t, Wrap(nil, "read", "x"))
	require.False(t, Is(nil, Internal))
	require.True(t, Is(Wrapf(context.Canceled, "", "", "x: %w", cause), Unavailable))
}

func TestErrors(t *testing.T) {
	cause := errors.New("cause")
	err := Errorf(Corrupt, "h5.Open", "a.h5", "byte %d: %w", 7, cause)
	require.EqualError(t, err, "a.h5: byte 7: cause")
	require.ErrorIs(t, err, cause)
	require.Equal(t, Corrupt, CodeOf(fmt.Errorf("shard: %w", err)))
	require.Equal(t, Denied, CodeOf(Errorf(Denied, "", "", "%w", err)), "the outermost code counts")
	require.Equal(t, Internal, CodeOf(cause))
	require.Equal(t, Unavailable, CodeOf(context.DeadlineExceeded))
	require.EqualError(t, Errorf(Invalid, "", "x", "y"), "x: y")
	require.EqualError(t, Errorf(Invalid, "op", "", "y"), "op: y")
	require.EqualError(t, Errorf(Invalid, "", "", "y"), "y")
	require.Equal(t, "not found", NotFound.String())
	require.Equal(t, "code 99", Code(99).String())
}

func TestColumns(t *testing.T) {
	c := ColumnOf("x", []float32{1, float32(math.NaN()), 3})
	require.Equal(t, Column{Name: "x", Type: Float32, Width: 1, Data: c.Data}, c)
	require.Equal(t, 3, c.Rows())
	require.Equal(t, float32(3), View[float32](c.Data)[2])
	s := StringColumn("s", []string{"a", "", "bc"})
	require.Equal(t, 3, s.Rows())
	require.Equal(t, "bc", string(s.Data[s.Offsets[2]:s.Offsets[3]]))
	for _, n := range []int{0, 1, 7, 8, 9, 100} {
		d := NewData(n)
		require.Len(t, d, n)
		require.Zero(t, uintptr(unsafe.Pointer(unsafe.SliceData(d)))%8)
	}
	require.Nil(t, View[int64](nil))
	require.Nil(t, Raw([]int16(nil)))
	vector := Column{Type: Int16, Width: 3, Data: NewData(12)}
	require.Equal(t, 2, vector.Rows())
}

func TestTypes(t *testing.T) {
	for typ := Bool; typ <= Bytes; typ++ {
		back, ok := TypeFromName(typ.String())
		require.True(t, ok)
		require.Equal(t, typ, back)
		require.Positive(t, typ.Size())
	}
	_, ok := TypeFromName("")
	require.False(t, ok)
	require.Zero(t, Type(0).Size())
	require.True(t, Int8.IsSigned() && !Uint8.IsSigned() && Uint64.IsUnsigned() && Float32.IsFloat() && !Bool.IsUnsigned())
}

func TestFrameSlots(t *testing.T) {
	f := Frame{Dims: []Dim{{Shard: 256}, {Shard: 128}}}
	require.Equal(t, int64(32768), f.Slots())
}
