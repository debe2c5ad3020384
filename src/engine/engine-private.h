/* SPDX-License-Identifier: GPL-3.0-or-later */
/* engine-private: what the files of the engine share. For the .c of this folder. */
#pragma once

#include "engine/engine.h"

G_BEGIN_DECLS

struct _PgEngine
{
  PgConfig        *config;
  PgStore         *store;
  PgNoteset       *notes;
  PgEvents        *events;
  char            *notes_problem; /* why they can't be brought, though the store is open */
  char            *source_problem;
  char            *report_problem;
  gint64           newest_us; /* stamp of all logins that were read, as they were stamped */
  gint64           newest_saved_us;
  PgEngineCounters counters;
};

/** pg_engine_is_usable: FALSE with @error set if nothing can be read or written now. */
gboolean pg_engine_is_usable (const PgEngine *self, GError **error);

/** pg_engine_get_for_login: what is stored for a login at @address. One record that is damaged is none: nothing of it counts, and
 * the login replaces it. */
PgStoreAnswer pg_engine_get_for_login (PgEngine *self, const PgAddress *address, PgRecord *out, GError **error);

/** pg_engine_rule_settings: what is configured, for the rules; borrows from the configuration. */
PgRuleSettings pg_engine_rule_settings (const PgEngine *self);

/** pg_engine_is_note_outdated: TRUE if @note has been over for so long that it is to be forgotten. */
gboolean pg_engine_is_note_outdated (const PgNote *note, gint64 now_us);

G_END_DECLS
