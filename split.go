package flattery

import (
	"bytes"
	"cmp"
	"container/heap"
	"crypto/sha256"
	"slices"
	"strconv"
	"strings"
)

// Part is what one flattr brings to the split of a donor's month.
type Part struct {
	Thing  Thing    // network, host and id count; title and URL do not
	Kind   Kind     // with Turn: which flattr of the thing it is
	Turn   int64    //
	Author int64    // the same number for the same author; only SplitByCreator looks at it
	Weight int64    // 1–10
	seat   [32]byte // where it stands when a millionth is left over
}

// SplitBy says between whom a budget is split first.
type SplitBy string

// A budget is split over flattrs, or first over their creators and then over the flattrs of each.
const (
	SplitByFlattr  SplitBy = "flattr"
	SplitByCreator SplitBy = "creator"
)

// Split divides a sum over the parts by weight and gives each its share, in the order of parts. The shares add up to
// the sum exactly unless a cap (0: none) holds some back: no share is above the cap, and what is above it is not spent.
//
// Every part gets at least ⌊sum·w/Σw⌋. The left-over millionths go, one at a time, to the largest w/(share+1), and among
// equals to the first by SHA-256 of month, donor and flattr; with equal weights that is one each to the first by
// hash. (This is the divisor method of D'Hondt. Left-overs by hash alone would let one more flattr raise another's
// share when weights differ.) Nobody can win by being first, and the order of parts does not matter.
func Split(sum, limit Amount, by SplitBy, month Month, donor string, parts []Part) []Amount {
	shares := make([]Amount, len(parts))
	if sum <= 0 || len(parts) == 0 {
		return shares
	}
	prefix := month.String() + "\x1f" + donor
	for i := range parts {
		p := &parts[i]
		p.seat = sha256.Sum256([]byte(strings.Join([]string{prefix, p.Thing.Network, p.Thing.Host, p.Thing.ID, string(p.Kind), strconv.FormatInt(p.Turn, 10)}, "\x1f")))
	}
	all := make([]int, len(parts))
	for i := range all {
		all[i] = i
	}
	if by == SplitByCreator {
		splitByCreator(sum, parts, all, shares)
	} else {
		apportion(sum, seats(parts, all), func(i int, a Amount) { shares[all[i]] = a })
	}
	if limit > 0 {
		for i := range shares {
			shares[i] = min(shares[i], limit)
		}
	}
	return shares
}

func splitByCreator(sum Amount, parts []Part, all []int, shares []Amount) {
	slices.SortStableFunc(all, func(a, b int) int { return cmp.Compare(parts[a].Author, parts[b].Author) })
	var groups [][]int
	for start := 0; start < len(all); {
		end := start
		for end < len(all) && parts[all[end]].Author == parts[all[start]].Author {
			end++
		}
		groups = append(groups, all[start:end])
		start = end
	}
	creators := make([]seat, len(groups))
	for i, g := range groups {
		creators[i] = seat{weight: 1, hash: parts[g[0]].seat}
		for _, p := range g { // the group stands where its first flattr stands, whatever the order of parts
			if bytes.Compare(parts[p].seat[:], creators[i].hash[:]) < 0 {
				creators[i].hash = parts[p].seat
			}
		}
	}
	apportion(sum, creators, func(g int, of Amount) {
		apportion(of, seats(parts, groups[g]), func(i int, a Amount) { shares[groups[g][i]] = a })
	})
}

// A seat is one claimant of an apportionment.
type seat struct {
	weight int64
	hash   [32]byte
	index  int
	got    Amount
}

func seats(parts []Part, which []int) []seat {
	s := make([]seat, len(which))
	for i, p := range which {
		s[i] = seat{weight: max(parts[p].Weight, 1), hash: parts[p].seat}
	}
	return s
}

func apportion(sum Amount, s []seat, give func(i int, a Amount)) {
	var total int64
	equal := true
	for i := range s {
		s[i].index = i
		total += s[i].weight
		equal = equal && s[i].weight == s[0].weight
	}
	left := sum
	for i := range s {
		s[i].got = floorShare(sum, s[i].weight, total)
		left -= s[i].got
	}
	if equal { // the common case: no heap, the first by hash get one each
		if left > 0 {
			slices.SortFunc(s, func(a, b seat) int { return bytes.Compare(a.hash[:], b.hash[:]) })
			for i := range int(left) {
				s[i].got++
			}
		}
	} else {
		h := byAverage(s)
		heap.Init(&h)
		for ; left > 0; left-- {
			h[0].got++
			heap.Fix(&h, 0)
		}
	}
	for i := range s {
		give(s[i].index, s[i].got)
	}
}

// floorShare is ⌊sum·weight/total⌋ without overflow for sums up to MaxAmount: the quotient and the remainder of
// sum/total are weighted apart.
func floorShare(sum Amount, weight, total int64) Amount {
	q, r := int64(sum)/total, int64(sum)%total
	return Amount(q*weight + r*weight/total)
}

// byAverage is a heap of seats, the largest weight/(got+1) first.
type byAverage []seat

func (h byAverage) Len() int      { return len(h) }
func (h byAverage) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h byAverage) Less(i, j int) bool {
	a, b := &h[i], &h[j]
	// a.weight/(a.got+1) > b.weight/(b.got+1); weights are at most 10 and sums 10^15, so the products fit.
	x, y := a.weight*(int64(b.got)+1), b.weight*(int64(a.got)+1)
	if x != y {
		return x > y
	}
	return bytes.Compare(a.hash[:], b.hash[:]) < 0
}
func (h *byAverage) Push(any) { panic("flattery: nobody joins an apportionment") }
func (h *byAverage) Pop() any { panic("flattery: nobody leaves an apportionment") }
