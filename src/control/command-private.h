/* SPDX-License-Identifier: GPL-3.0-or-later */
/* command-private: what the families of commands share. For the commands*.c of this folder. */
#pragma once

#include "control/commands.h"
#include "control/ended.h"
#include "control/feed.h"
#include "control/listing.h"
#include "control/trace.h"
#include "control/usage-listing.h"

G_BEGIN_DECLS

struct _PgAnswer
{
  GQueue          messages; /* of JsonObject */
  PgListing      *listing;  /* rows that are made as they are asked for */
  PgUsageListing *usages;   /* the same; one of them at the most */
  PgEnded        *ended;    /* the same */
  PgTrace        *trace;    /* the same */
  PgFeed         *feed;     /* rows of what happens; then there is no end */
  PgEngine       *engine;   /* that the feed is of */
  guint64         note;     /* that was made or removed; 0: none */
  char           *about;    /* what that says of whom */
  gboolean        needs_commit;
};

/** pg_answer_add_row: takes @row. */
void pg_answer_add_row (PgAnswer *self, JsonObject *row);

/** pg_answer_add_exit: the end of an answer. */
void pg_answer_add_exit (PgAnswer *self, PgExit code);

/** pg_answer_add_failure: the end of an answer, and why. */
void pg_answer_add_failure (PgAnswer *self, PgExit code, const char *error);

/** pg_answer_add_error: the same; takes @error. What was asked wrongly is the asker's matter, all else ours. */
void pg_answer_add_error (PgAnswer *self, GError *error);

/** pg_answer_set_note: this is about @note, which was made or removed, and must be on the disk before it is told. */
void pg_answer_set_note (PgAnswer *self, const PgNote *note);

/** pg_command_has_daemon: FALSE if popgate(1) runs the command by itself, and nobody reads the logs. */
static inline gboolean
pg_command_has_daemon (const PgCommandHost *host)
{
  return host->describe != NULL;
}

/** pg_command_describe_note: a row of it; transfer full. */
JsonObject *pg_command_describe_note (const PgNote *note, gint64 now_us);

/** pg_command_read_query: what @request asks about; @error: PG_ERROR_VALUE. */
gboolean pg_command_read_query (JsonObject *request, PgQuery *out, GError **error);

/** pg_command_describe_finding: the row of a check; transfer full. */
JsonObject *pg_command_describe_finding (const PgCommandHost *host, const PgQuery *query, const PgFinding *finding,
                                         const PgRuleStep *steps);

/** pg_command_exit_of: where the verdict is a matter of our own troubles, nobody can tell whether the address might relay. */
PgExit pg_command_exit_of (const PgDecision *decision);

/** Each carries out the command of its name, and ends @answer unless rows are still to be listed. */
void pg_command_check (const PgCommandHost *host, JsonObject *request, PgAnswer *answer);
void pg_command_explain (const PgCommandHost *host, JsonObject *request, PgAnswer *answer);
void pg_command_list (const PgCommandHost *host, JsonObject *request, PgAnswer *answer);
void pg_command_report (const PgCommandHost *host, JsonObject *request, PgAnswer *answer);
void pg_command_allow (const PgCommandHost *host, JsonObject *request, PgAnswer *answer);
void pg_command_deny (const PgCommandHost *host, JsonObject *request, PgAnswer *answer);
void pg_command_revoke (const PgCommandHost *host, JsonObject *request, PgAnswer *answer);
void pg_command_forget (const PgCommandHost *host, JsonObject *request, PgAnswer *answer);
void pg_command_freeze (const PgCommandHost *host, JsonObject *request, PgAnswer *answer);
void pg_command_thaw (const PgCommandHost *host, JsonObject *request, PgAnswer *answer);
void pg_command_export (const PgCommandHost *host, JsonObject *request, PgAnswer *answer);
void pg_command_import (const PgCommandHost *host, JsonObject *request, PgAnswer *answer);

/** pg_command_import_brings_grants: TRUE if @request, an import, is one of the many that bring grants. */
gboolean pg_command_import_brings_grants (JsonObject *request);

void pg_command_status (const PgCommandHost *host, JsonObject *request, PgAnswer *answer);
void pg_command_stats (const PgCommandHost *host, JsonObject *request, PgAnswer *answer);
void pg_command_watch (const PgCommandHost *host, JsonObject *request, PgAnswer *answer);
void pg_command_reload (const PgCommandHost *host, JsonObject *request, PgAnswer *answer);

G_END_DECLS
