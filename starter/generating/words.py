"""[synthetic] What synthetic people and those who help them say. Nobody said any of it."""

REASONS = (
    "Has not left the flat for weeks.",
    "The hospital asks who helps at home.",
    "The mother cannot carry it alone any longer.",
    "Lost the job, and since then much else.",
    "Stands in the queue and needs somebody to put things together.",
)
REFUSED = "None of the grounds for joining is shown by the papers or by the visit."
GROUNDS = "I do need somebody to help me put it all together."
UPHELD = "A social worker has met the person at home since, and finds that help must be put together."
NOT_UPHELD = "The papers and a second visit show the same as before."
COMMENT = "Needs somebody beside them."
OWN_WORDS = ("I want to manage on my own again.", "I am tired of being afraid.", "I would like to be among people.")
SPECIALIST = "Manages with reminders; alone, much is left undone."
CARER = "I help every day, and I cannot go away even for a night."
MAIN_GOALS = ("To walk to the sea on my own.", "To keep my home.", "To work a few hours a week.", "To sleep at night.")
GOALS = {
    "base": "To have one plan that everybody keeps to.",
    "personal": "To have somebody to ask when it gets too much.",
    "family": "That we at home understand each other again.",
    "social_relations": "To have somebody to talk to.",
    "mental_health": "To know what to do when it gets worse.",
    "physical_health": "To move every day.",
    "employment": "To try a few hours of work.",
    "free_time": "To do something that I enjoy.",
    "living_environment": "To move closer to the shop.",
    "daily_living": "To keep my home so that I can ask people in.",
}
CRISIS_PLAN = "Call the neighbour, then the crisis line."
AS_PLANNED = "As planned; within what the degree of need calls for."
PROGRESS = {"better": "Goes better than last month.", "same": "As before.", "worse": "A hard month."}
SUMMARY = "Looked together at what has changed since."
DISPUTE = "It was shorter than that."
SETTLED = {True: "The worker remembers it so too.", False: "The worker's calendar shows the whole time."}
MISSED = "Nobody opened."
LEFT = "Told the case manager."
