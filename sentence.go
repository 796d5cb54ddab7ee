package flattery

import "fmt"

// A Sentence is in English; pages say it in other languages by its format. An argument that is a Sentence or an InputError itself
// is said in the same language, and an Amount, a Month and a Why as that language writes them.
type Sentence struct {
	Format  string
	Args    []any
	english string
}

// Say makes a Sentence as fmt.Sprintf makes a text.
func Say(format string, args ...any) Sentence {
	return Sentence{Format: format, Args: args, english: fmt.Sprintf(format, args...)}
}

func (s Sentence) String() string { return s.english }

// MarshalText writes the English.
func (s Sentence) MarshalText() ([]byte, error) { return []byte(s.english), nil }

// Why is a reason why a link stopped or is late: a key of poll's fates, under which pages have words.
type Why string
