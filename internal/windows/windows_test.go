package windows

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func at(t *testing.T, text string) time.Time {
	v, err := time.Parse("2006-01-02T15:04:05", text)
	require.NoError(t, err)
	return v
}

func list(t *testing.T) []Window {
	return []Window{{"a", at(t, "2019-01-01T00:00:00"), at(t, "2019-01-10T00:00:00")}, {"b", at(t, "2019-01-10T00:00:00"), at(t, "2019-01-10T00:00:01")},
		{"c", at(t, "2019-03-01T00:00:00"), at(t, "2019-04-01T00:00:00")}}
}

// Every instant is in the window of its number, a border in the later one, and numbers go up by one.
func TestNumbers(t *testing.T) {
	for _, kind := range []string{Yearly, Monthly, Daily} {
		s := &Schedule{Kind: kind}
		for _, text := range []string{"1850-01-01T00:00:00", "1969-12-31T23:59:59", "1970-01-01T00:00:00", "2016-02-29T12:00:00", "2019-12-31T23:59:59", "2100-03-01T00:00:00"} {
			n, ok := s.Number(at(t, text))
			require.True(t, ok)
			w, next := s.Window(n), s.Window(n+1)
			require.False(t, at(t, text).Before(w.Start), "%s %s", kind, text)
			require.True(t, at(t, text).Before(w.End), "%s %s", kind, text)
			require.Equal(t, w.End, next.Start)
			for instant, want := range map[time.Time]int{w.Start: n, w.End.Add(-1): n, w.End: n + 1} {
				got, _ := s.Number(instant)
				require.Equal(t, want, got, "%s %s", kind, instant)
			}
			a := NewAxis(s, n, n+3)
			require.NoError(t, a.Check())
			require.Equal(t, int64(2), a.Place(n+2))
			require.Equal(t, []Window{w, next, s.Window(n + 2)}, a.Windows())
			require.Equal(t, next, a.Window(1))
		}
	}
	s := &Schedule{Kind: Explicit, List: list(t)}
	for text, want := range map[string]int{"2018-12-31T23:59:59": -1, "2019-01-01T00:00:00": 0, "2019-01-10T00:00:00": 1, "2019-01-10T00:00:01": -1, "2019-03-31T23:59:59": 2, "2019-04-01T00:00:00": -1} {
		n, ok := s.Number(at(t, text))
		require.Equal(t, want >= 0, ok, text)
		if ok {
			require.Equal(t, want, n, text)
		}
	}
}

func TestMeeting(t *testing.T) {
	s := &Schedule{Kind: Explicit, List: list(t)}
	for _, c := range []struct {
		from, to    string
		first, last int
	}{
		{"2018-01-01T00:00:00", "2018-02-01T00:00:00", 0, 0}, {"2019-01-05T00:00:00", "2019-03-02T00:00:00", 0, 3},
		{"2019-01-10T00:00:00", "2019-03-01T00:00:00", 1, 2}, {"2019-04-01T00:00:00", "2019-05-01T00:00:00", 3, 3}, {"2019-02-01T00:00:00", "2019-02-02T00:00:00", 2, 2},
	} {
		first, last, ok := s.Meeting(at(t, c.from), at(t, c.to))
		require.Equal(t, []any{c.first, c.last, true}, []any{first, last, ok}, c)
	}
	first, last, ok := s.Meeting(time.Time{}, time.Time{})
	require.Equal(t, []any{0, 3, true}, []any{first, last, ok})
	s = &Schedule{Kind: Monthly}
	first, last, ok = s.Meeting(at(t, "2019-01-31T23:59:00"), at(t, "2019-03-01T00:00:00"))
	require.True(t, ok)
	require.Equal(t, []string{"2019-01", "2019-02"}, []string{s.Window(first).Label, s.Window(last - 1).Label})
	_, _, ok = s.Meeting(at(t, "2019-01-01T00:00:00"), time.Time{})
	require.False(t, ok, "a calendar has no end")
	_, ok = s.Border(at(t, "2019-02-01T00:00:00"))
	require.True(t, ok)
	w, ok := s.Border(at(t, "2019-02-01T00:00:01"))
	require.False(t, ok)
	require.Equal(t, "2019-02", w.Label)
}

func TestList(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2019, 1, n, 0, 0, 0, 0, time.UTC) }
	before := []Window{{"one", day(3), day(5)}}
	for text, w := range map[string]Window{
		"is empty":                     {"two", day(6), day(6)},
		"two windows are called":       {"ONE", day(6), day(7)},
		"must not overlap":             {"two", day(4), day(7)},
		"in order of time":             {"two", day(1), day(2)},
		"is not a name of a window":    {"a_b", day(6), day(7)},
		"all windows together":         {"All", day(6), day(7)},
		`"" is not a name of a window`: {"", day(6), day(7)},
	} {
		require.ErrorContains(t, CheckNext(before, w), text)
	}
	require.NoError(t, CheckNext(before, Window{"two", day(5), day(6)}), "borders may meet")
}

func TestGrown(t *testing.T) {
	month := func(first string, n int) *Axis { return &Axis{Schedule: Monthly, First: first, Count: n} }
	got, err := month("2019-01", 2).Grown(month("2019-04", 1))
	require.NoError(t, err)
	require.Equal(t, month("2019-01", 4), got, "without a gap")
	got, err = month("2019-01", 6).Grown(month("2019-02", 1))
	require.NoError(t, err)
	require.Equal(t, month("2019-01", 6), got)
	_, err = month("2019-01", 2).Grown(month("2018-12", 1))
	require.ErrorContains(t, err, "--start 2019-01-01")
	_, err = month("2019-01", 2).Grown(&Axis{Schedule: Daily, First: "2019-01-01", Count: 1})
	require.ErrorContains(t, err, "the store has monthly windows and the run daily ones")
	all := list(t)
	two := NewAxis(&Schedule{Kind: Explicit, List: all[:2]}, 0, 2)
	three := NewAxis(&Schedule{Kind: Explicit, List: all}, 0, 3)
	for _, pair := range [][2]*Axis{{two, three}, {three, two}} {
		got, err = pair[0].Grown(pair[1])
		require.NoError(t, err)
		require.Equal(t, three, got)
	}
	_, err = two.Grown(NewAxis(&Schedule{Kind: Explicit, List: all[1:]}, 0, 2))
	require.ErrorContains(t, err, "new windows can only come after the store's")
	for _, bad := range []*Axis{{Schedule: "hourly", First: "x", Count: 1}, {Schedule: Monthly, First: "2019", Count: 1}, {Schedule: Daily, First: "2019-01-01", Count: -1}, {Schedule: Explicit, Count: 2}} {
		require.Error(t, bad.Check())
	}
}
