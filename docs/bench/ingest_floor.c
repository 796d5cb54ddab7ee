/* The floor of ingest: the rows of BenchmarkIngest (store/tables), written by C on libsqlite3 with the same schema,
   pragmas and commits of a thousand likes. It looks nothing up that it need not.

   cc -O2 -o ingest_floor docs/bench/ingest_floor.c -lsqlite3
   ./ingest_floor NEW.db store/sqlite/migrations/0001_bridge.sql 100000 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

static sqlite3 *db;

static void must(int code) {
	if (code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW) {
		fprintf(stderr, "%s\n", sqlite3_errmsg(db));
		exit(1);
	}
}

static void run(const char *sql) { must(sqlite3_exec(db, sql, 0, 0, 0)); }

static sqlite3_stmt *prepare(const char *sql) {
	sqlite3_stmt *s;
	must(sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &s, 0));
	return s;
}

static void text(sqlite3_stmt *s, int at, const char *form, int a, int b) {
	char t[120];
	int n = snprintf(t, sizeof t, form, a, b);
	must(sqlite3_bind_text(s, at, t, n, SQLITE_TRANSIENT));
}

/* number steps a statement that returns one number. */
static sqlite3_int64 number(sqlite3_stmt *s) {
	must(sqlite3_step(s));
	sqlite3_int64 n = sqlite3_column_int64(s, 0);
	must(sqlite3_reset(s));
	return n;
}

static double wall(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static double cpu(void) {
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	return u.ru_utime.tv_sec + u.ru_stime.tv_sec + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void schema(const char *path) {
	FILE *f = fopen(path, "rb");
	static char sql[1 << 20];
	if (!f || !fread(sql, 1, sizeof sql - 1, f)) {
		perror(path);
		exit(1);
	}
	fclose(f);
	run(sql);
}

int main(int argc, char **argv) {
	if (argc != 4) {
		fprintf(stderr, "usage: ingest_floor NEW.db SCHEMA.sql LIKES\n");
		return 2;
	}
	int likes = atoi(argv[3]);
	must(sqlite3_open(argv[1], &db));
	run("PRAGMA journal_mode=wal; PRAGMA synchronous=full; PRAGMA foreign_keys=1; PRAGMA recursive_triggers=1;"
	    "PRAGMA cache_size=-16384; PRAGMA temp_store=memory; PRAGMA wal_autocheckpoint=10000");
	schema(argv[2]);
	run("INSERT INTO hosts VALUES (1, 'github', 'github.com');"
	    "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 100)"
	    "INSERT INTO accounts SELECT i, 'donor-' || i, 0, '', 1792065600, NULL FROM n;"
	    "INSERT INTO identities SELECT id, 1, 'd' || id, name, '', 'https://github.com/' || name, 0 FROM accounts;"
	    "INSERT INTO links SELECT id, id, id, 'name', NULL, 'active', '', '', '', 0, 3600, 0, 0, 0, 0 FROM accounts");
	sqlite3_stmt *thing = prepare("INSERT INTO things (host_id, network_id, url, title) VALUES (1, ?, ?, ?)"
	                              " ON CONFLICT DO UPDATE SET url = excluded.url, title = excluded.title RETURNING id");
	sqlite3_stmt *author = prepare("INSERT INTO identities (host_id, subject, handle, name, url, organisation) VALUES (1, ?, ?, '', ?, 0)"
	                               " ON CONFLICT DO UPDATE SET handle = excluded.handle RETURNING id");
	sqlite3_stmt *flattr = prepare("INSERT INTO flattrs (account_id, thing_id, kind, turn, author_id, link_id, state, liked_at, source, found_at, counts_in, weight)"
	                               " VALUES (?1, ?2, 'like', 0, ?3, ?1, 'pending', ?4, 'exact', 1792065600, NULL, 1) ON CONFLICT DO NOTHING");
	double w = wall(), c = cpu();
	sqlite3_int64 who = 0;
	for (int i = 0; i < likes; i++) {
		if (i % 1000 == 0)
			run("BEGIN IMMEDIATE");
		if (i % 20 == 0) {
			text(author, 1, "%d", 60000000 + i / 20, 0);
			text(author, 2, "author-%d", i / 20, 0);
			text(author, 3, "https://github.com/author-%d", i / 20, 0);
			who = number(author);
		}
		text(thing, 1, "%d", 500000000 + i, 0);
		text(thing, 2, "https://github.com/author-%d/thing-%d", i / 20, i);
		text(thing, 3, "author-%d/thing-%d", i / 20, i);
		sqlite3_int64 what = number(thing);
		sqlite3_bind_int(flattr, 1, i / 1000 % 100 + 1);
		sqlite3_bind_int64(flattr, 2, what);
		sqlite3_bind_int64(flattr, 3, who);
		sqlite3_bind_int(flattr, 4, 1792065600 - i % 3000);
		must(sqlite3_step(flattr));
		must(sqlite3_reset(flattr));
		if (i % 1000 == 999)
			run("COMMIT");
	}
	w = wall() - w, c = cpu() - c;
	printf("%d likes in %.2f s, cpu %.2f s: %.2f us a like\n", likes, w, c, w * 1e6 / likes);
	return 0;
}
