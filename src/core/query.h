/* SPDX-License-Identifier: GPL-3.0-or-later */
/* query: what the rules want to know of a policy request. Values only. */
#pragma once

#include "core/address.h"

G_BEGIN_DECLS

/**
 * PgQuery:
 * @is_rcpt: protocol_state is RCPT
 * @has_address: client_address is an IP address, and stands in @address
 * @sender: envelope sender, not encoded, perhaps empty; like all spans borrowed from the request
 * @recipient: envelope recipient
 * @sasl_username: empty unless the client used SMTP AUTH
 * @context: policy_context: what the admin set for this place of main.cf (Postfix 3.1)
 * @instance: links the requests of one delivery
 */
typedef struct
{
  gboolean  is_rcpt;
  gboolean  has_address;
  PgAddress address;
  PgSpan    sender;
  PgSpan    recipient;
  PgSpan    sasl_username;
  PgSpan    context;
  PgSpan    instance;
} PgQuery;

G_END_DECLS
