/* SPDX-License-Identifier: GPL-3.0-or-later */
/* note-line: a note, as popgate status and explain tell it. */
#pragma once

#include "cli/output.h"

G_BEGIN_DECLS

/** pg_note_line_print: "note 7  deny 192.0.2.1, by root 3h ago, for 2h more: why"; its times are relative to @now_s. */
void pg_note_line_print (JsonObject *note, guint indent, gint64 now_s);

G_END_DECLS
