/* SPDX-License-Identifier: GPL-3.0-or-later */
/* postconf-list: a list of Postfix's restrictions -> each of them, and what check_policy_service is told in braces.
 *
 * Pure: no I/O, no clock, no log, no globals. Fuzzed by tests/fuzz/fuzz-postconf.c.
 *
 * Grammar:  list  = *( separator / word )        separator = "," / SP / TAB / CR / LF
 *           word  = bytes up to a separator that stands in no braces; "{" and "}" nest. Braces that are not closed reach to the
 * end ask   = endpoint / "{" endpoint *( attribute ) "}"      attribute = name "=" value / "{" name "=" value "}" Bounds:
 * PG_POSTCONF_WORDS_MAX words a list; over -> PG_ERROR_LIMIT. What braces hold is one word, however deep they nest. Source:
 * Postfix 3.7, util/mystrtok.c, util/extpar.c, util/attr_override.c, smtpd/smtpd_check.c; postconf(5)
 */
#pragma once

#include "core/address.h"

G_BEGIN_DECLS

/** PG_POSTCONF_WORDS_MAX: words of the longest list. */
#define PG_POSTCONF_WORDS_MAX 4096

/**
 * PgPostconfRestriction: all borrowed from the list.
 * @name: "permit_mynetworks", ...; in any case of letters
 * @argument: of those that have one, as check_policy_service; no data else
 * @warns_only: warn_if_reject stands before it: it refuses nothing
 * @text: the whole of it, from its name (or the warn_if_reject before) to its argument
 */
typedef struct
{
  PgSpan   name;
  PgSpan   argument;
  gboolean warns_only;
  PgSpan   text;
} PgPostconfRestriction;

/**
 * PgPostconfAsk: what check_policy_service is told; all borrowed; no data where nothing is said.
 * @endpoint: "unix:private/popgate", "inet:127.0.0.1:10040", ...
 */
typedef struct
{
  PgSpan   endpoint;
  gboolean has_braces;
  PgSpan   timeout;
  PgSpan   default_action;
  PgSpan   policy_context;
} PgPostconfAsk;

/** pg_postconf_take_word: takes the next word from @list; FALSE: there is none, and nothing is left. */
gboolean pg_postconf_take_word (PgSpan *list, PgSpan *out);

/**
 * pg_postconf_list_parse:
 * @list: a list, with all $names replaced
 * @error: PG_ERROR_LIMIT
 *
 * Returns: (transfer full): PgPostconfRestriction, borrowing from @list; NULL with @error set
 */
G_GNUC_WARN_UNUSED_RESULT
GArray *pg_postconf_list_parse (PgSpan list, GError **error);

/** pg_postconf_is: TRUE if @restriction is called @name, in any case of letters. */
gboolean pg_postconf_is (const PgPostconfRestriction *restriction, const char *name);

/**
 * pg_postconf_ask_parse:
 * @argument: of check_policy_service
 * @error: PG_ERROR_SYNTAX: Postfix would stop at it
 */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_postconf_ask_parse (PgSpan argument, PgPostconfAsk *out, GError **error);

/**
 * pg_postconf_network_parse:
 * @word: of mynetworks: an address or a network, IPv6 in brackets
 * @out: (out): the network; bits behind the prefix are cleared
 *
 * Returns: FALSE if it is none: a table, a file or "!..."
 */
gboolean pg_postconf_network_parse (PgSpan word, PgNetwork *out);

G_END_DECLS
