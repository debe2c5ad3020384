/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor-facts: all that popgate doctor knows before it judges: gathered once, by doctor-gather.c, or recorded in a test.
 *
 * A fact that could not be had is NULL or 0, with a *_problem beside it that says why; no judge asks anything else.
 */
#pragma once

#include "cli/doctor-log.h"
#include "core/config.h"
#include "core/postconf.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/**
 * PgDoctorSocket: one of [policy] listen. All owned.
 * @name: as configured
 * @path: of a unix socket, with its folder's true name; NULL: it is on the network
 * @failure: errno of user postfix, who can't connect to it; 0: it can, or it was not tried
 * @blocker: the folder or socket that hinders it; NULL: none does
 * @untried: why it was not tried as user postfix; NULL: it was
 * @action: the answer to a request about PG_DOCTOR_ADDRESS; NULL: there was none
 * @ask_problem: why there was none; NULL: not asked, see @untried
 * @ask_ms: how long it took
 */
typedef struct
{
  char *name;
  char *path;
  int   failure;
  char *blocker;
  char *untried;
  char *action;
  char *ask_problem;
  guint ask_ms;
} PgDoctorSocket;

/** PG_DOCTOR_ADDRESS: what is asked about: of TEST-NET-3 (RFC 5737), so nobody can have logged in from there. */
#define PG_DOCTOR_ADDRESS "203.0.113.254"

/** PgDoctorPlace: a file or folder. */
typedef struct
{
  gboolean exists;
  guint    mode; /* permission bits */
  guint    uid;
  guint64  size;
} PgDoctorPlace;

/**
 * PgDoctorFacts: all owned.
 * @config: the configuration; defaults if @config_problem
 * @postfix: postconf -x, -x -P and -M; NULL with @postfix_problem
 * @queue: queue_directory's true name
 * @sockets: of PgDoctorSocket *
 * @is_passed: systemd makes the sockets, popgated.socket says where
 * @status: popgated's status; NULL with @status_problem
 * @daemon_absent: nobody listens where it should be asked
 * @is_frozen: no popgated runs, and the database says so; else @status tells
 * @daemon_uid: who popgated runs as; -1: not known
 * @logs: of PgDoctorLog *, one for each of [log] source
 * @dovecot: doveconf's settings; NULL with @dovecot_problem
 * @etc: the folder that holds the two below
 * @rsyslog: the text of its configuration files, one behind the other, a line "#file PATH" before each; NULL: there is none
 * @journald: the same of journald
 * @unit: systemctl show popgated.service; NULL with @unit_problem
 * @clock_synchronised: 1 yes, 0 no, -1 not known
 */
typedef struct
{
  gint64        now_us;
  const char   *version;
  PgConfig     *config;
  char         *config_path;
  char         *config_problem;
  PgPostconf   *postfix;
  char         *postfix_problem;
  char         *postfix_folder;
  char         *queue;
  GPtrArray    *sockets;
  gboolean      is_passed;
  JsonObject   *status;
  char         *status_problem;
  gboolean      daemon_absent;
  gboolean      is_frozen;
  gint64        daemon_uid;
  GPtrArray    *logs;
  PgPostconf   *dovecot;
  char         *dovecot_problem;
  char         *etc;
  char         *rsyslog;
  char         *journald;
  PgPostconf   *unit;
  char         *unit_problem;
  PgDoctorPlace store;
  PgDoctorPlace store_folder;
  int           clock_synchronised;
} PgDoctorFacts;

/** PG_DOCTOR_CLOCK_UNKNOWN: whether the clock is kept right is not known. */
#define PG_DOCTOR_CLOCK_UNKNOWN (-1)

/** pg_doctor_facts_new: nothing known, default configuration; transfer full. */
PgDoctorFacts *pg_doctor_facts_new (void);

/** pg_doctor_facts_free: ends @self; NULL is legal. */
void pg_doctor_facts_free (PgDoctorFacts *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PgDoctorFacts, pg_doctor_facts_free)

/** pg_doctor_has_syslog: TRUE if a source of logins comes by syslog's way, be it a file or a pipe. */
gboolean pg_doctor_has_syslog (const PgDoctorFacts *self);

/** pg_doctor_has_journal: TRUE if one is the journal. */
gboolean pg_doctor_has_journal (const PgDoctorFacts *self);

/** pg_doctor_passed: sockets that systemd listens at, as systemctl show tells them: "unix:/PATH", "inet:HOST:PORT". None if the
 * unit is not active. Transfer full. */
char **pg_doctor_passed (const char *text);

/** pg_doctor_socket_free: ends a PgDoctorSocket. */
void pg_doctor_socket_free (gpointer socket);

G_END_DECLS
