/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reply: what popgate may say to Postfix, and nothing else.
 *
 * Pure: no I/O, no clock, no log, no globals.
 *
 * Postfix takes an empty action, and one of digits only, for OK, and relays (seen with 3.7.11). So a reply is made of a
 * verdict of this enum and a text that is checked here; there is no way to give an action as text. The value zero is the
 * one that neither relays nor bounces.
 * Source: Postfix access(5), SMTPD_POLICY_README
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * PgVerdict:
 * @PG_VERDICT_DEFER_IF_REJECT: what would be refused is deferred (450), the rest is untouched
 * @PG_VERDICT_DUNNO: we have nothing to say; the next restriction decides
 * @PG_VERDICT_OK: the client may relay
 * @PG_VERDICT_REJECT: refuse with a text, only by the admin's wish
 */
typedef enum
{
  PG_VERDICT_DEFER_IF_REJECT = 0,
  PG_VERDICT_DUNNO,
  PG_VERDICT_OK,
  PG_VERDICT_REJECT,
  PG_N_VERDICTS
} PgVerdict;

/** PG_REPLY_MAX: bytes of the longest reply, with both LFs; Postfix cuts what it passes on at 510. */
#define PG_REPLY_MAX 500

/** PG_REPLY_TEXT_MAX: bytes of the longest text that fits every verdict. */
#define PG_REPLY_TEXT_MAX 440

/** pg_verdict_to_string: the verdict's word; PG_VERDICT_DEFER_IF_REJECT's for a value that is none. */
const char *pg_verdict_to_string (PgVerdict verdict);

/** pg_reply_text_is_valid: TRUE for 1 to PG_REPLY_TEXT_MAX printable ASCII bytes with no blank at either end. */
gboolean pg_reply_text_is_valid (const char *text);

/**
 * pg_reply_format:
 * @verdict: the verdict
 * @text: (nullable): NUL-terminated; used with DEFER_IF_REJECT and REJECT only, a stock text if it is not valid
 * @buffer: PG_REPLY_MAX bytes
 *
 * Writes "action=VERDICT" with a status code (4.7.1 or 5.7.1, RFC 3463) and text where the verdict has them, and the
 * blank line that ends the reply. No NUL is written.
 *
 * Returns: bytes written to @buffer
 */
gsize pg_reply_format (PgVerdict verdict, const char *text, char buffer[PG_REPLY_MAX]);

G_END_DECLS
