package hsds

import "context"

type journal struct{}

func (d *dataset) pending(context.Context) (*journal, error) { return nil, nil }

func (d *dataset) overlaid(_ context.Context, p *picture, _ []part, _ *journal) ([]byte, error) {
	return p.wire(), nil
}
