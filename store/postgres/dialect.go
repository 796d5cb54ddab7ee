package postgres

import (
	"database/sql/driver"
	"fmt"
	"strconv"
	"strings"

	"flattery/store/tables"
)

// batch is how many rows one statement carries: as many as one would want in one message.
const batch = 1000

func dialect() *tables.Dialect {
	return &tables.Dialect{Batch: batch, List: list, Skip: "FOR UPDATE SKIP LOCKED", Stay: "FOR SHARE",
		Last: func(table string) string {
			return `SELECT coalesce((SELECT last_value FROM pg_sequences WHERE schemaname = current_schema() AND sequencename = '` + table + `_id_seq'), 0)`
		},
		SetLast: func(table string) []string { return []string{`SELECT setval('` + table + `_id_seq', ?1)`} },
	}
}

// list is one array a column: the text is the same for any number of rows, and each array one parameter.
func list(types string, flat []any) (string, []any) {
	names := strings.Fields(types)
	arrays, columns := make([]string, len(names)), make([]any, len(names))
	for i, name := range names {
		arrays[i] = "?::" + name + "[]"
		switch name {
		case "bigint":
			columns[i] = column[int64](flat, i, len(names))
		case "text":
			columns[i] = column[string](flat, i, len(names))
		case "boolean":
			columns[i] = column[bool](flat, i, len(names))
		case "bytea":
			columns[i] = column[[]byte](flat, i, len(names))
		default:
			panic("no type of a column: " + name) // the types stand in our own code
		}
	}
	return "SELECT * FROM unnest(" + strings.Join(arrays, ", ") + ")", columns
}

// column is every n-th value from the i-th on; nil is NULL.
func column[T any](flat []any, i, n int) []*T {
	all := make([]*T, 0, len(flat)/n)
	for ; i < len(flat); i += n {
		if flat[i] == nil {
			all = append(all, nil)
			continue
		}
		v, ok := plainOne(flat[i]).(T)
		if !ok {
			panic(fmt.Sprintf("a %T in a column of another type", flat[i])) // the same
		}
		all = append(all, &v)
	}
	return all
}

// plain gives values as the kinds that the protocol knows: an AccountID is an int64, a State is a string.
func plain(args []any) []any {
	out := make([]any, len(args))
	for i, a := range args {
		out[i] = plainOne(a)
	}
	return out
}

func plainOne(a any) any {
	switch a.(type) {
	case int64, string, bool, []byte, nil:
		return a
	}
	if v, err := driver.DefaultParameterConverter.ConvertValue(a); err == nil {
		return v
	}
	return a
}

// numbered writes $1 for ?, and $2 for ?2. Our queries have no question mark inside of quotes.
func numbered(q string) string {
	var b strings.Builder
	b.Grow(len(q) + 16)
	n := 0
	for i := range len(q) {
		if q[i] != '?' {
			b.WriteByte(q[i])
			continue
		}
		b.WriteByte('$')
		if i+1 < len(q) && q[i+1] >= '1' && q[i+1] <= '9' {
			continue // its number follows
		}
		n++
		b.WriteString(strconv.Itoa(n))
	}
	return b.String()
}
