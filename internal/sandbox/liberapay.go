package sandbox

import (
	"net/http"
	"strings"
	"sync"
)

// Liberapay is in miniature what it tells of who has an account there: by their name, and by who they have proved to be elsewhere.
type Liberapay struct {
	host

	mu     sync.Mutex
	proved map[string]string // name by "network/handle", in small letters
	names  map[string]string // as they are written, by small letters
}

func newLiberapay(clock *Clock) *Liberapay {
	return &Liberapay{host: host{clock: clock}, proved: map[string]string{}, names: map[string]string{}}
}

// Prove lets who is called name there have proved to be that handle of a network; "" takes it back. The account is made.
func (l *Liberapay) Prove(network, handle, name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := strings.ToLower(network + "/" + handle)
	if name == "" {
		delete(l.proved, key)
		return
	}
	l.proved[key], l.names[strings.ToLower(name)] = name, name
}

func (l *Liberapay) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /on/{network}/{handle}/public.json", l.elsewhere)
	mux.HandleFunc("GET /{name}/public.json", l.account)
	return mux
}

// elsewhere leads on to the account of who has proved to be that handle. Of others it may tell something itself, or nothing: that
// leads nowhere.
func (l *Liberapay) elsewhere(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	name := l.proved[strings.ToLower(r.PathValue("network")+"/"+r.PathValue("handle"))]
	l.mu.Unlock()
	if name == "" {
		http.NotFound(w, r)
		return
	}
	http.Redirect(w, r, "/"+name+"/public.json", http.StatusFound)
}

func (l *Liberapay) account(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	name := l.names[strings.ToLower(r.PathValue("name"))]
	l.mu.Unlock()
	if name == "" {
		http.NotFound(w, r)
		return
	}
	send(w, http.StatusOK, "application/json", fields{"username": name, "kind": "individual", "elsewhere": l.accounts(name)})
}

// accounts are what somebody has proved, by network.
func (l *Liberapay) accounts(name string) fields {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := fields{}
	for key, who := range l.proved {
		if who == name {
			network, handle, _ := strings.Cut(key, "/")
			all[network] = []fields{{"user_name": handle}}
		}
	}
	return all
}
