/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is known when the rules are asked, and what they say. */
#include "engine/engine-private.h"

PgRuleSettings
pg_engine_rule_settings (const PgEngine *self)
{
  return (PgRuleSettings){
    .window_us = self->config->window_us,
    .reject = self->config->reject[0] != '\0' ? self->config->reject : NULL,
    .never = self->config->never_grant,
  };
}

static PgFacts
gather_state (const PgEngine *self)
{
  return (PgFacts){ .store_problem = pg_engine_problem (self),
                    .notes = self->notes,
                    .source_problem = pg_engine_source_problem (self) };
}

static gboolean
needs_record (const PgQuery *query, const PgFacts *facts)
{
  return facts->store_problem == NULL && query->is_rcpt && query->has_address;
}

/* A record that can't be read is a problem of the store, for this question. */
static void
read_record (PgEngine *self, const PgAddress *base, PgFacts *facts, PgFinding *out, GError **error)
{
  PgStoreAnswer answer = pg_store_get (self->store, base, &out->record, error);

  out->has_record = answer == PG_STORE_FOUND;
  facts->record = out->has_record ? &out->record : NULL;
  if (answer == PG_STORE_FAILED)
    facts->store_problem = (*error)->message;
}

/* What was read is known, but for what there was no room for. */
static void
read_known (PgEngine *self, const PgAddress *base, PgFacts *facts, PgFinding *out, GError **error)
{
  read_record (self, base, facts, out, error);
  (void) pg_store_recall (self->store, base, &out->known);
}

/* Where users do not matter, an address that was permitted since its newest login needs no more than that login's time. All
 * others are read: so who is permitted for the first time is so by the database. */
static void
recall_record (PgEngine *self, const PgAddress *base, PgFacts *facts, PgFinding *out, GError **error)
{
  gboolean is_known = pg_store_recall (self->store, base, &out->known);

  if (is_known && out->known == NULL)
    return;
  if (!is_known || out->known->mark == 0)
    {
      read_known (self, base, facts, out, error);
      return;
    }
  out->is_recalled = out->has_record = TRUE;
  pg_record_init (&out->record, base);
  out->record.newest_us = out->record.dropped_us = pg_index_newest_us (out->known);
  facts->record = &out->record;
}

/* Gathers what the rules want to know. A mark is of one address alone, so who shares a grant with others has none. */
static PgFacts
gather (PgEngine *self, const PgQuery *query, gboolean may_recall, PgFinding *out, GError **error)
{
  PgFacts   facts = gather_state (self);
  PgNetwork network;

  out->has_record = out->is_recalled = FALSE;
  out->known = NULL;
  if (!needs_record (query, &facts))
    return facts;
  network = pg_engine_grant_network (self, &query->address);
  if (network.prefix == 128)
    (may_recall ? recall_record : read_known) (self, &network.base, &facts, out, error);
  else
    read_record (self, &network.base, &facts, out, error);
  return facts;
}

void
pg_engine_expect (PgEngine *self, const PgAddress *address)
{
  PgNetwork network = pg_engine_grant_network (self, address);

  if (network.prefix == 128) /* all others are read */
    pg_store_expect (self->store, &network.base);
}

void
pg_engine_read_record (PgEngine *self, PgFinding *finding)
{
  gint64    newest_us = finding->record.newest_us;
  PgAddress base = finding->record.address;

  if (!finding->is_recalled)
    return;
  finding->is_recalled = FALSE;
  finding->has_record = pg_store_get (self->store, &base, &finding->record, NULL) == PG_STORE_FOUND;
  if (finding->has_record && finding->record.n_users > 0 && finding->record.newest_us == newest_us)
    finding->decision.user = finding->decision.login_us == newest_us ? 0 : -1;
}

void
pg_engine_decide (PgEngine *self, const PgQuery *query, gint64 now_us, PgFinding *out)
{
  g_autoptr (GError) error = NULL;
  gboolean       may_recall = !pg_noteset_has_user_notes (self->notes, now_us) && !pg_events_wants_records (self->events);
  PgFacts        facts = gather (self, query, may_recall, out, &error);
  PgRuleSettings settings = pg_engine_rule_settings (self);

  pg_rules_decide (query, &facts, &settings, now_us, &out->decision);
  /* The mark is of the newest login; one that a note about its user made the newest that counts is another. */
  if (out->known != NULL && out->decision.login_us != pg_index_newest_us (out->known))
    out->known = NULL;
  self->counters.decisions[out->decision.rule][out->decision.verdict]++;
  pg_events_tell (self->events, &(PgEvent){ .kind = PG_EVENT_VERDICT, .now_us = now_us, .query = query, .finding = out });
}

void
pg_engine_explain (PgEngine *self, const PgQuery *query, gint64 now_us, PgFinding *out, PgRuleStep out_steps[PG_N_RULES - 1])
{
  g_autoptr (GError) error = NULL;
  PgFacts        facts = gather (self, query, FALSE, out, &error);
  PgRuleSettings settings = pg_engine_rule_settings (self);

  pg_rules_decide (query, &facts, &settings, now_us, &out->decision);
  if (out_steps != NULL)
    pg_rules_explain (query, &facts, &settings, now_us, out_steps);
}

gint64
pg_engine_counting_login (const PgEngine *self, const PgNoteset *notes, const PgRecord *record, gint64 now_us)
{
  PgQuery        query = { .is_rcpt = TRUE, .has_address = TRUE, .address = record->address };
  PgFacts        facts = { .notes = notes, .record = record };
  PgRuleSettings settings = pg_engine_rule_settings (self);
  PgDecision     decision;

  pg_rules_decide (&query, &facts, &settings, now_us, &decision);
  return decision.login_us;
}
