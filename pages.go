package flattery

// Tally is what the flattrs of one donor's month add up to.
type Tally struct {
	Counting int   `json:"counting"`
	Pending  int   `json:"pending"`
	Own      int   `json:"own"`
	Removed  int   `json:"removed"`
	Lapsed   int   `json:"lapsed"`
	Weight   int64 `json:"weight"` // of those that count
	// Those that count, by whom they go to. Each flattr is in exactly one creator's part and in one network's.
	Networks []NetworkPart `json:"networks"` // heaviest first
	Creators []CreatorPart `json:"creators"` // heaviest first, all of them
}

// NetworkPart is what came over one network.
type NetworkPart struct {
	Network string `json:"network"`
	Flattrs int    `json:"flattrs"`
	Weight  int64  `json:"weight"`
	Share   Amount `json:"share"` // settled months only
}

// CreatorPart is what went to one author.
type CreatorPart struct {
	Author  Profile `json:"author"`
	Flattrs int     `json:"flattrs"`
	Weight  int64   `json:"weight"`
	Share   Amount  `json:"share"` // settled months only
}
