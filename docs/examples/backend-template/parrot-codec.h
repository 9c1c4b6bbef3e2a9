/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/* The longest valid response, in bytes. */
#define PARROT_MAX 256

typedef struct
{
  GInetAddress *address; /* (nullable): NULL in a refusal */
  guint external_port;   /* 0: not given */
  guint lifetime;        /* seconds; 0: not given */
  char *refusal;         /* (nullable): the reason of a refusal */
} ParrotAnswer;

void parrot_answer_clear (ParrotAnswer *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ParrotAnswer, parrot_answer_clear)

GBytes *parrot_encode_hello (guint32 number);
GBytes *parrot_encode_map (
  guint32 number, PlumProtocol protocol, guint internal_port, guint external_port, guint lifetime);
GBytes *parrot_encode_ask (guint32 number, PlumProtocol protocol, guint internal_port);

/* Returns FALSE if the bytes are not a response to the request of this number; *out is not changed
 * then. */
gboolean parrot_decode_answer (
  const char *data, gsize len, guint32 number, ParrotAnswer *out, GError **error);

G_END_DECLS
