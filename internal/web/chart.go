package web

import (
	"cmp"
	"slices"

	"flattery"
)

// A chart is a bar in pieces and the table that says the same in figures.
type chart struct {
	Pieces   []piece
	Currency string
	Settled  bool // sums are shares, not estimates
}

// A piece is one row of the table and one part of the bar, in thousandths of it.
type piece struct {
	Label   string
	Network string // key
	URL     string
	Flattrs int
	Sum     flattery.Amount
	Start   int
	Width   int
	Bar     int // thousandths of the heaviest that stands for one; 0 for others
	Hue     int // 1–6, the last for all others
	Others  int // how many are joined in this piece
}

// The most pieces that a bar of networks and a list of creators show before "others".
const (
	hues        = 6
	mostNetwork = 5
	mostCreator = 8
)

// networkChart shows over which networks a month's flattrs came.
func networkChart(t flattery.Tally, m measure) chart {
	all, weights := make([]piece, 0, len(t.Networks)), make([]int64, 0, len(t.Networks))
	for _, p := range t.Networks {
		all = append(all, piece{Network: p.Network, Flattrs: p.Flattrs, Sum: m.sum(p.Weight, p.Share)})
		weights = append(weights, p.Weight)
	}
	return m.chart(all, weights, mostNetwork)
}

// creatorChart shows to whom they go.
func creatorChart(t flattery.Tally, m measure) chart {
	all, weights := make([]piece, 0, len(t.Creators)), make([]int64, 0, len(t.Creators))
	for _, p := range t.Creators {
		sum := m.sum(p.Weight, p.Share)
		if m.split == flattery.SplitByCreator && !m.settled {
			sum = estimate(m.budget, 1, int64(len(t.Creators)), 0)
		}
		all = append(all, piece{Label: who(p.Author), Network: p.Author.Network, URL: p.Author.URL, Flattrs: p.Flattrs, Sum: sum})
		weights = append(weights, p.Weight)
	}
	return m.chart(all, weights, mostCreator)
}

// A measure knows what a weight is worth in one donor's month.
type measure struct {
	budget   flattery.Amount // what is split, without the fee
	limit    flattery.Amount
	weight   int64 // of all that count
	settled  bool
	currency string
	split    flattery.SplitBy
	creators map[flattery.Identity]int64 // weights, where the budget is split over creators first
}

// flattr is what one flattr received, or would if the month closed now.
func (m measure) flattr(f flattery.Flattr) flattery.Amount {
	switch {
	case f.State != flattery.Counting:
		return 0
	case m.settled:
		return f.Share
	case m.split == flattery.SplitByCreator:
		of := estimate(m.budget, 1, int64(len(m.creators)), 0)
		return estimate(of, f.Weight, m.creators[f.Author.Identity], m.limit)
	default:
		return estimate(m.budget, f.Weight, m.weight, m.limit)
	}
}

// sum is what flattrs of that weight make together. A cap binds each by itself, which a sum of weights cannot know; it
// is shown from the single flattrs only.
func (m measure) sum(weight int64, share flattery.Amount) flattery.Amount {
	if m.settled {
		return share
	}
	return estimate(m.budget, weight, m.weight, 0)
}

func (m measure) chart(all []piece, weights []int64, most int) chart {
	order := make([]int, len(all))
	var total int64
	for i := range all {
		order[i] = i
		total += weights[i]
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(weights[b], weights[a]) })
	c := chart{Currency: m.currency, Settled: m.settled}
	var before int64
	for n, i := range order {
		p := all[i]
		if n >= most && len(all) > most+1 {
			last := len(c.Pieces) - 1
			if n == most {
				c.Pieces = append(c.Pieces, piece{Start: thousandths(before, total), Hue: hues})
				last++
			}
			o := &c.Pieces[last]
			o.Flattrs, o.Sum, o.Others = o.Flattrs+p.Flattrs, o.Sum+p.Sum, o.Others+1
			before += weights[i]
			o.Width = thousandths(before, total) - o.Start
			continue
		}
		p.Start, p.Hue, p.Bar = thousandths(before, total), min(n+1, hues), thousandths(weights[i], weights[order[0]])
		before += weights[i]
		p.Width = thousandths(before, total) - p.Start
		c.Pieces = append(c.Pieces, p)
	}
	return c
}

func thousandths(part, whole int64) int {
	if whole <= 0 {
		return 0
	}
	return int(part * 1000 / whole)
}
