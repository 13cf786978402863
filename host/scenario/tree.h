/* SPDX-License-Identifier: MIT */
/*
 * A YAML document as a tree that remembers where everything stood. Only what scenarios use is accepted: maps with
 * scalar keys, lists and scalars; no anchors, aliases, tags or second documents; bounded size, depth and number of
 * nodes.
 */
#ifndef QV_SCENARIO_TREE_H
#define QV_SCENARIO_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "scenario/diag.h"

#define TREE_MAX_BYTES  (256u * 1024u)
#define TREE_MAX_NODES  4096u
#define TREE_MAX_DEPTH  12u
#define TREE_MAX_SCALAR 1024u

enum node_kind {
    NODE_SCALAR,
    NODE_MAP,
    NODE_LIST,
    NODE_BROKEN, /* stands for something already reported: to be skipped in silence */
};

struct node {
    enum node_kind kind;
    struct mark at;
    const struct node *key; /* in a map: the scalar that names this value */
    char *text;             /* scalars: NUL-terminated UTF-8 without NUL inside */
    bool incomplete;        /* maps: a required key is missing (set by the reader of the tree) */
    struct node *first;     /* maps and lists */
    struct node *last;
    struct node *next;
    struct node *allocated_before;
};

struct tree {
    struct node *root;   /* NULL when there is none */
    struct node *newest; /* of all nodes, for tree_free() */
    unsigned nodes;
};

/*
 * Builds the tree of `size` bytes at `text`. Mistakes go to *diag; returns 0 if the tree can be walked (it may then
 * hold NODE_BROKEN parts), -1 if not. tree_free() is due in both cases.
 */
int tree_build(struct tree *tree, const char *text, size_t size, struct diag *diag);
void tree_free(struct tree *tree);

/*
 * Puts the YAML in `text` at `path` ("load.rate", "sandboxes[2].memory"), instead of what is there; maps on the way
 * that are missing are made. What is put there has no place (line 0). Returns 0, or -1 with the reason in *diag.
 */
int tree_set(struct tree *tree, const char *path, const char *text, struct diag *diag);

/* For those who add to a tree: a new node that tree_free() will free (NULL if memory is short), and a child's place. */
struct node *tree_new_node(struct tree *tree, enum node_kind kind, struct mark at);
void tree_append(struct node *parent, struct node *child);

/* Value of `key` in a map, NULL if there is none or `map` is no map. */
struct node *tree_get(const struct node *map, const char *key);

/*
 * The node at a path such as "sandboxes[2].standby"; where the path ends early, the last node that exists. Index 0 of
 * something that is no list is the thing itself (a single entry written without a list). *exact, if not NULL, says
 * whether the whole path was there.
 */
const struct node *tree_find(const struct tree *tree, const char *path, bool *exact);

#endif
