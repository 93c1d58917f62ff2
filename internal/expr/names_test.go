package expr

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNames(t *testing.T) {
	for text, want := range map[string][]string{
		"h_li > 3.5e2 and h_li < limit": {"h_li", "and", "limit"},
		"np.mean(h_li - count)":         {"np", "h_li", "count"},
		"h_li.max() + max(x)":           {"h_li", "x"},
		"signal_conf_ph[0] == 'land'":   {"signal_conf_ph"},
		"höhe*2":                        {"höhe"},
		"'open":                         nil,
		"":                              nil,
	} {
		require.Equal(t, want, Names(text), text)
	}
}
