"""The GraphQL texts sent to GitHub; each list is aliased `items`, newest first.

GitHub refuses a query that could return more than 500,000 nodes. Inner lists ask for 100: what counts against
its time and its rate limit is what exists, not what is asked for, so only a pull request with more than 100
commits or reviews costs a second request, and twenty such are asked for in one.
"""

from __future__ import annotations

from collections.abc import Sequence

PAGE_SIZE = 100
#: Inner lists that may go on after their first page: name -> (type that has it, what is read of each entry).
INNER_LISTS = {
    "commits": ("PullRequest", "commit { oid authoredDate }"),
    "reviews": ("PullRequest", "state submittedAt author { __typename login }"),
    "statuses": ("Deployment", "state createdAt logUrl environmentUrl"),
}
OVERFLOW_SIZE = 20


def _inner(name: str, after: str = "") -> str:
    return f"{name}(first: 100{after}) {{ pageInfo {{ hasNextPage endCursor }} nodes {{ {INNER_LISTS[name][1]} }} }}"


def _listing(field: str, fields: str, parameters: str = "") -> str:
    """A query for one page of one list of a repository; `field` holds the list's name and its fixed arguments."""
    return f"""query($owner: String!, $name: String!, $first: Int!, $after: String{parameters}) {{
  repository(owner: $owner, name: $name) {{
    items: {field} {{
      pageInfo {{ hasNextPage endCursor }}
      nodes {{ {fields} }}
    }}
  }}
}}"""


def _by_id(kind: str, fields: str) -> str:
    """A query for things by their ids, for those that were unfinished when last read."""
    return f"query($ids: [ID!]!) {{ items: nodes(ids: $ids) {{ ... on {kind} {{ {fields} }} }} }}"


_PULL_REQUEST = f"""
  id number title url state isDraft createdAt updatedAt mergedAt closedAt baseRefName headRefName
  additions deletions changedFiles
  author {{ __typename login }}
  mergeCommit {{ oid }}
  labels(first: 100) {{ nodes {{ name }} }}
  ready: timelineItems(itemTypes: [READY_FOR_REVIEW_EVENT], first: 1) {{
    nodes {{ ... on ReadyForReviewEvent {{ createdAt }} }}
  }}
  statusCheckRollup {{
    state
    contexts(first: 50) @include(if: $checkTimes) {{
      pageInfo {{ hasNextPage }}
      nodes {{ __typename ... on CheckRun {{ startedAt completedAt }} }}
    }}
  }}
  {_inner("commits")}
  {_inner("reviews")}
"""
_DEPLOYMENT = f"""
  id databaseId createdAt updatedAt state task environment originalEnvironment commitOid
  ref {{ name prefix }}
  creator {{ __typename login }}
  {_inner("statuses")}
"""
_RELEASE = """
  id tagName name url isDraft isPrerelease createdAt publishedAt updatedAt
  author { __typename login }
  tagCommit { oid committedDate }
  tag { target { __typename ... on Tag { tagger { date } } } }
"""
_ISSUE = """
  id number title body url createdAt updatedAt closedAt
  labels(first: 100) { nodes { name } }
  closing: timelineItems(itemTypes: [CLOSED_EVENT], last: 1) {
    nodes { ... on ClosedEvent { closer { __typename ... on PullRequest { number repository { nameWithOwner } } } } }
  }
"""

PULL_REQUESTS = _listing(
    "pullRequests(first: $first, after: $after, orderBy: {field: UPDATED_AT, direction: DESC})",
    _PULL_REQUEST,
    ", $checkTimes: Boolean!",
)
DEPLOYMENTS = _listing(
    "deployments(first: $first, after: $after, orderBy: {field: CREATED_AT, direction: DESC})", _DEPLOYMENT
)
RELEASES = _listing("releases(first: $first, after: $after, orderBy: {field: CREATED_AT, direction: DESC})", _RELEASE)
INCIDENTS = _listing(
    "issues(first: $first, after: $after, labels: [$label], orderBy: {field: UPDATED_AT, direction: DESC})",
    _ISSUE,
    ", $label: String!",
)
DEPLOYMENTS_BY_ID = _by_id("Deployment", _DEPLOYMENT)
RELEASES_BY_ID = _by_id("Release", _RELEASE)
REPOSITORIES = """query($owner: String!, $first: Int!, $after: String) {
  repositoryOwner(login: $owner) {
    items: repositories(first: $first, after: $after, isFork: false, ownerAffiliations: [OWNER], orderBy: {field: NAME, direction: ASC}) {
      pageInfo { hasNextPage endCursor }
      nodes { nameWithOwner }
    }
  }
}"""


def overflow(lists: Sequence[str]) -> str:
    """The query for the next page of several inner lists at once, one alias `n0`, `n1`, … each.

    `lists` names the inner list of each; the variables are `id0`, `after0`, `id1`, `after1`, ….
    """
    variables = ", ".join(f"$id{i}: ID!, $after{i}: String" for i in range(len(lists)))
    nodes = "\n".join(
        f"  n{i}: node(id: $id{i}) {{ ... on {INNER_LISTS[name][0]} {{ {_inner(name, f', after: $after{i}')} }} }}"
        for i, name in enumerate(lists)
    )
    return f"query({variables}) {{\n{nodes}\n}}"


def reach(count: int, owner: bool) -> str:
    """The query for whose the credentials are, the rate limit, and whether `count` repositories answer.

    One alias `n0`, `n1`, … a repository, with the variables `owner0`, `name0`, …; with `owner`, also how many
    repositories `$owner` has.
    """
    names = [f"$owner{i}: String!, $name{i}: String!" for i in range(count)] + ["$owner: String!"] * owner
    owned = "  owner: repositoryOwner(login: $owner) { repositories(isFork: false, ownerAffiliations: [OWNER]) { totalCount } }\n"
    nodes = "".join(f"  n{i}: repository(owner: $owner{i}, name: $name{i}) {{ nameWithOwner }}\n" for i in range(count))
    variables = f"({', '.join(names)})" if names else ""
    return f"query{variables} {{\n  viewer {{ login }}\n  rateLimit {{ limit remaining resetAt }}\n{owned * owner}{nodes}}}"


#: Every fixed text by name, for checking them all against GitHub's schema.
ALL = {
    "PULL_REQUESTS": PULL_REQUESTS,
    "DEPLOYMENTS": DEPLOYMENTS,
    "RELEASES": RELEASES,
    "INCIDENTS": INCIDENTS,
    "DEPLOYMENTS_BY_ID": DEPLOYMENTS_BY_ID,
    "RELEASES_BY_ID": RELEASES_BY_ID,
    "REPOSITORIES": REPOSITORIES,
}
