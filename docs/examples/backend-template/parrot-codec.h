/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/* An answer is never longer; what is longer is none. */
#define PARROT_MAX 256

typedef struct
{
  GInetAddress *address; /* (nullable): none in a refusal */
  guint external_port;   /* 0: not told */
  guint lifetime;        /* seconds; 0: not told */
  char *refusal;         /* (nullable): why the router will not */
} ParrotAnswer;

void parrot_answer_clear (ParrotAnswer *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ParrotAnswer, parrot_answer_clear)

GBytes *parrot_encode_hello (guint32 number);
GBytes *parrot_encode_map (
  guint32 number, PlumProtocol protocol, guint internal_port, guint external_port, guint lifetime);
GBytes *parrot_encode_ask (guint32 number, PlumProtocol protocol, guint internal_port);

/* FALSE if the bytes are no answer to the question of this number: then *out is untouched. */
gboolean parrot_decode_answer (
  const char *data, gsize len, guint32 number, ParrotAnswer *out, GError **error);

G_END_DECLS
