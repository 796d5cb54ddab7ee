package sqlite
import ("testing";"database/sql";"os";"path/filepath";"time";"log/slog";"context";"flattery";"flattery/store")
func ls(t *testing.T, d string){ es,_:=os.ReadDir(d); for _,e:=range es { i,_:=e.Info(); t.Log(e.Name(), i.Size()) } }
func TestZZ(t *testing.T){
	d:=t.TempDir(); p:=filepath.Join(d,"x.db")
	w,_:=sql.Open("sqlite", dsn(p,false,false)); w.SetMaxOpenConns(1)
	if _,err:=w.Exec(`CREATE TABLE a(x)`); err!=nil {t.Fatal(err)}
	w.Close(); t.Log("plain"); ls(t,d)
	d=t.TempDir(); p=filepath.Join(d,"x.db")
	w,_=sql.Open("sqlite", dsn(p,false,false)); w.SetMaxOpenConns(1)
	c,_:=w.Conn(t.Context())
	st,_:=c.PrepareContext(t.Context(),`CREATE TABLE a(x)`)
	st.Exec()
	c.Close(); w.Close(); t.Log("conn+stmt"); ls(t,d)
	d=t.TempDir()
	s,err:=Open(t.Context(),Options{Dir:d,Location:time.UTC,Now:time.Now,Log:slog.Default()})
	if err!=nil {t.Fatal(err)}
	s.Close(); t.Log("store"); ls(t,d)
	s,_=Open(t.Context(),Options{Dir:d,Location:time.UTC,Now:time.Now,Log:slog.Default()})
	s.Update(t.Context(), func(tx store.Tx) error { _,err:=tx.AddAccount(context.Background(), flattery.Account{Name:"a"}); return err})
	t.Log(s.Close()); t.Log("store, written"); ls(t,d)
}
