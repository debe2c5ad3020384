/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rules: the whole decision. Facts in, verdict and reason out.
 *
 * Pure: no I/O, no clock, no log, no globals.
 *
 * One table, first match wins; popgate explain prints the same table. On doubt the verdict is DEFER_IF_REJECT: mail that
 * would be refused waits, and nothing is relayed.
 */
#pragma once

#include "core/netset.h"
#include "core/noteset.h"
#include "core/query.h"
#include "core/record.h"
#include "core/reply.h"

G_BEGIN_DECLS

/** PG_RULES_FUTURE_SLACK_US: a login this little ahead of our clock counts as one of now. */
#define PG_RULES_FUTURE_SLACK_US ((gint64) 5 * G_USEC_PER_SEC)

/** PG_RULES_REJECT_CONTEXT: policy_context by which an admin says that the service stands after permit_auth_destination. */
#define PG_RULES_REJECT_CONTEXT "popgate-reject"

/** PgRule: the rules in their order; the numbers are those of the manual. */
typedef enum
{
  PG_RULE_NOT_POLICY = 1, /* decided by the connection, before there is a query */
  PG_RULE_NOT_RCPT,
  PG_RULE_NO_ADDRESS,
  PG_RULE_STORE,
  PG_RULE_FROZEN,
  PG_RULE_DENIED,
  PG_RULE_ALLOWED,
  PG_RULE_NEVER,
  PG_RULE_LOGIN,
  PG_RULE_FUTURE,
  PG_RULE_SOURCE,
  PG_RULE_NO_LOGIN,
  PG_N_RULES
} PgRule;

/** PgRuleSettings: what the configuration says. @reject: text (valid for a reply) or NULL; @never: never granted; borrowed. */
typedef struct
{
  gint64          window_us;
  const char     *reject;
  const PgNetset *never;
} PgRuleSettings;

/**
 * PgFacts: what is known when the question is asked. All pointers are borrowed.
 * @store_problem: (nullable): why the store cannot be read, or why its notes cannot be proven complete
 * @notes: the notes; never NULL
 * @record: (nullable): what is stored of the address; NULL: nothing
 * @source_problem: (nullable): which source is behind or blind, and how
 */
typedef struct
{
  const char      *store_problem;
  const PgNoteset *notes;
  const PgRecord  *record;
  const char      *source_problem;
} PgFacts;

/**
 * PgDecision:
 * @text: (nullable): text of the reply, valid until the settings change
 * @login_us: the newest login that counts, or PG_RECORD_NEVER
 * @user: index in the record of who logged in then, or -1
 */
typedef struct
{
  PgVerdict   verdict;
  PgRule      rule;
  const char *text;
  gint64      login_us;
  gint        user;
} PgDecision;

/**
 * pg_rules_decide:
 * @query: what Postfix asks
 * @facts: what is known
 * @settings: what is configured
 * @now_us: microseconds since the epoch
 * @out: (out): the decision
 */
void pg_rules_decide (const PgQuery *query, const PgFacts *facts, const PgRuleSettings *settings, gint64 now_us, PgDecision *out);

/** PgRuleStep: one line of an explanation. @saw is owned; free it with g_free(). */
typedef struct
{
  PgRule      rule;
  const char *title;
  PgVerdict   verdict; /* what the rule says if it matches */
  gboolean    matches;
  gboolean    decides; /* it is the first that matches */
  char       *saw;
} PgRuleStep;

/**
 * pg_rules_explain:
 * @steps: (out caller-allocates): the PG_N_RULES - 1 rules in order; free each saw
 *
 * The same decision as pg_rules_decide(), told rule by rule with what each one saw.
 */
void pg_rules_explain (const PgQuery *query, const PgFacts *facts, const PgRuleSettings *settings, gint64 now_us,
                       PgRuleStep steps[PG_N_RULES - 1]);

/** pg_rule_verdict: what @rule, from PG_RULE_NOT_RCPT on, says unless REJECT is asked for. */
PgVerdict pg_rule_verdict (PgRule rule);

/** pg_rule_name: a word for metrics and logs: "login", "frozen", ...; "?" for a number that is none. */
const char *pg_rule_name (PgRule rule);

G_END_DECLS
