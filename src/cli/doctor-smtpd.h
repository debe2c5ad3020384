/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor-smtpd: Postfix's smtpd services as popgate doctor judges them: their lists of restrictions, and where popgate is asked.
 *
 * Services that are the same in what is judged are one, so that a fault that they share is told once.
 */
#pragma once

#include "cli/doctor-facts.h"
#include "core/postconf-list.h"

G_BEGIN_DECLS

/** PgDoctorListKind: in the order in which Postfix looks at them. */
typedef enum
{
  PG_DOCTOR_CLIENT,
  PG_DOCTOR_HELO,
  PG_DOCTOR_SENDER,
  PG_DOCTOR_RELAY,
  PG_DOCTOR_RECIPIENT,
  PG_DOCTOR_DATA,
  PG_DOCTOR_END_OF_DATA,
  PG_DOCTOR_ETRN,
  PG_DOCTOR_N_LISTS
} PgDoctorListKind;

/**
 * PgDoctorList:
 * @text: its value, borrowed from the facts
 * @items: PgPostconfRestriction; restriction classes are replaced by what they hold
 * @is_own: by -o in master.cf
 * @ask: index of the first item that asks popgate; -1: none does
 */
typedef struct
{
  const char *text;
  GArray     *items;
  gboolean    is_own;
  int         ask;
} PgDoctorList;

/**
 * PgDoctorSmtpd:
 * @names: "smtp inet, submission inet"
 * @service: the first of them, borrowed from the facts
 * @chrooted: name of one that is in a chroot; NULL: none is
 */
typedef struct
{
  char                    *names;
  const PgPostconfService *service;
  char                    *chrooted;
  PgDoctorList             lists[PG_DOCTOR_N_LISTS];
} PgDoctorSmtpd;

/** PG_DOCTOR_BY: services are told apart by one list; PG_DOCTOR_BY_NETWORKS: by mynetworks. */
#define PG_DOCTOR_BY(kind) (1u << (kind))
#define PG_DOCTOR_BY_NETWORKS (1u << PG_DOCTOR_N_LISTS)

/**
 * pg_doctor_smtpds:
 * @facts: whose postfix must be known
 * @by: PG_DOCTOR_BY... together: what services are told apart by; those that are the same in all of them are one
 *
 * Returns: (transfer full): PgDoctorSmtpd *, borrowing from @facts
 */
GPtrArray *pg_doctor_smtpds (const PgDoctorFacts *facts, guint by);

/** pg_doctor_list_name: "smtpd_relay_restrictions", ... */
const char *pg_doctor_list_name (PgDoctorListKind kind);

/** pg_doctor_smtpd_asks_elsewhere: (nullable): a policy server that is asked in smtpd_relay_restrictions where popgated does not
 * listen, and that may be popgated all the same; transfer full. */
char *pg_doctor_smtpd_asks_elsewhere (const PgDoctorSmtpd *self);

/** pg_doctor_smtpd_asks: TRUE if popgate is asked in smtpd_relay_restrictions. */
gboolean pg_doctor_smtpd_asks (const PgDoctorSmtpd *self);

/** pg_doctor_smtpd_ask: how popgate is asked there; FALSE: it is not, or what is told there can't be read (@error is set). */
gboolean pg_doctor_smtpd_ask (const PgDoctorSmtpd *self, PgPostconfAsk *out, GError **error);

/** pg_doctor_list_item: number @index of @self's items. */
const PgPostconfRestriction *pg_doctor_list_item (const PgDoctorList *self, guint index);

/** pg_doctor_list_find: index of the first item called @name that is in force; -1: there is none. */
int pg_doctor_list_find (const PgDoctorList *self, const char *name);

/** pg_doctor_refuses: TRUE if @item refuses all strangers. */
gboolean pg_doctor_refuses (const PgPostconfRestriction *item);

/** pg_doctor_list_refuses: TRUE if it refuses strangers, who are in no network, logged in nowhere and write to foreign domains.
 */
gboolean pg_doctor_list_refuses (const PgDoctorList *self);

/** pg_doctor_listens: TRUE if popgated listens at @endpoint, as Postfix names it. */
gboolean pg_doctor_listens (const PgDoctorFacts *facts, PgSpan endpoint);

/** pg_doctor_endpoint_path: the path that Postfix means by @endpoint outside of a chroot; NULL: it is no unix socket. */
char *pg_doctor_endpoint_path (const PgDoctorFacts *facts, PgSpan endpoint);

/** pg_doctor_best_endpoint: how Postfix should name popgated's socket: "unix:private/popgate"; transfer full. */
char *pg_doctor_best_endpoint (const PgDoctorFacts *facts);

/** pg_doctor_fix_relay: smtpd_relay_restrictions as they should be, with all else that stands in @self; transfer full. */
char *pg_doctor_fix_relay (const PgDoctorFacts *facts, const PgDoctorSmtpd *self);

/** pg_doctor_list_without: @self's text without what asks popgate (@index < 0), or without item @index; transfer full. */
char *pg_doctor_list_without (const PgDoctorFacts *facts, const PgDoctorList *self, int index);

/**
 * pg_doctor_where:
 * @is_own: whether master.cf has the setting, for @smtpd alone
 * @value: what setting @name should be
 * @out_where, @out_change: (out) (transfer full): where the line stands, and the line
 */
void pg_doctor_where (const PgDoctorFacts *facts, const PgDoctorSmtpd *smtpd, gboolean is_own, const char *name,
                      const char *value, char **out_where, char **out_change);

G_END_DECLS
