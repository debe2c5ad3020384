/* SPDX-License-Identifier: GPL-3.0-or-later */
/* login-form: the login lines that are one sentence with a name and an address in it: read exactly, or not at all.
 *
 * Pure: no I/O, no clock, no log, no globals. Fuzzed by tests/fuzz/fuzz-login-form.c.
 *
 * Most servers write such a sentence, so a family is a table of sentences and one of program names. In a sentence
 *
 *   %u  the user: any bytes                        %h  a host name: letters, digits and "-_.:"
 *   %U  the user, without blanks                   %w  a word: letters, digits and "-_.+/"
 *   %t  any text                                   %d  a number, perhaps negative
 *   %q  any text without a quotation mark          %m  a word that names a mechanism which proves something
 *   %a  the client's address                       %P  POP3, POP3S, IMAP, IMAP4 or IMAP4S: the service
 *   %c  the client's address, ":" and its port     %o  a port: the service, unless the program told it
 *   %s  our address                                %S  our address, ":" and our port
 *   {x} x or nothing; x has no braces              !   what matches up to here looks like a login
 *
 * and all else stands for itself. The whole message has to match, from its first byte to its last.
 * Who logs in has chosen the name, and it stands before the address mostly. So a name or text ends where what follows it
 * first occurs, and a line is refused if it could be read with a later end too, or only so: then
 * the name holds a piece of a line. Host names come from the client's DNS: they cannot hold brackets or blanks. Refused too:
 * control bytes; a name that is empty, "anonymous" or longer than PG_USER_MAX; an address that is none, or unspecified; a message
 * longer than PG_LOGIN_FORM_MAX: what may follow the name or the address in it may have been cut off by syslog, whose shortest
 * limit is 1024 bytes a line (RFC 3164 4.1).
 */
#pragma once

#include "core/server.h"

G_BEGIN_DECLS

/** PG_LOGIN_FORM_MAX: bytes of the longest message that is taken; head and message together stay below syslog's limit. */
#define PG_LOGIN_FORM_MAX 480

/** PgProgram: a server's exact name in syslog, and the service it serves; 0: its lines tell. */
typedef struct
{
  const char *name;
  gsize       name_len;
  PgService   service;
} PgProgram;

/** PG_PROGRAM: a row of a table of programs; the last row of a table is { 0 }. */
#define PG_PROGRAM(name, service)                                                                                                \
  {                                                                                                                              \
    name, sizeof (name) - 1, service                                                                                             \
  }

/** PgLoginForm: a sentence as above, and the service that it tells of; 0: the program's, or the one that %P or %o tells. */
typedef struct
{
  const char *text;
  PgService   service;
} PgLoginForm;

/** PgFormFamily: a server family whose logins are sentences: its programs and forms; both tables end with { 0 }. */
typedef struct
{
  PgServer           server;
  const PgProgram   *programs;
  const PgLoginForm *forms;
} PgFormFamily;

/** pg_form_family_find: the row of @family's programs whose name is exactly @program, or NULL. */
const PgProgram *pg_form_family_find (const PgFormFamily *family, PgSpan program);

/**
 * pg_form_family_parse:
 * @family: a family
 * @program: the row of the program that wrote the message, of @family's
 * @message: what stands behind the program's tag
 * @out: (out): all but the time; filled only for PG_LINE_LOGIN
 * @out_why: (out) (transfer none): for PG_LINE_REFUSED, a phrase that says why
 *
 * Returns: PG_LINE_LOGIN if the message reads as one of the forms in one way, PG_LINE_REFUSED if it looks like one, else
 * PG_LINE_OTHER
 */
PgLineKind pg_form_family_parse (const PgFormFamily *family, const PgProgram *program, PgSpan message, PgLogin *out,
                                 const char **out_why);

G_END_DECLS
