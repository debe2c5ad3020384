/* SPDX-License-Identifier: GPL-3.0-or-later */
/* server: what every server family's parser gives, and is given. Types only. */
#pragma once

#include "core/head.h"
#include "core/login.h"

G_BEGIN_DECLS

/**
 * PgLineKind:
 * @PG_LINE_FOREIGN: no head of the source's format, or a program that is no server of ours
 * @PG_LINE_OTHER: a line of a known server that tells no login
 * @PG_LINE_REFUSED: looks like a login and is not taken for one: it can be read in two ways, is cut or is malformed
 * @PG_LINE_LOGIN: a login
 */
typedef enum
{
  PG_LINE_FOREIGN,
  PG_LINE_OTHER,
  PG_LINE_REFUSED,
  PG_LINE_LOGIN,
} PgLineKind;

/**
 * PgServerParse:
 * @head: a head whose program is this server's
 * @format: the format it was read by
 * @out: (out): all but the time; filled only for PG_LINE_LOGIN
 * @out_why: (out) (transfer none): for PG_LINE_REFUSED, a phrase that says why
 *
 * A family's parser: pure, bounded by the line's length.
 *
 * Returns: what the message is
 */
typedef PgLineKind (*PgServerParse) (const PgHead *head, PgHeadFormat format, PgLogin *out, const char **out_why);

G_END_DECLS
