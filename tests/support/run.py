"""Runs the cases of a module and says of each, on a line of its own, how it ended: `case NAME ok|failed|skipped WHY`."""
import sys
import unittest
import warnings


class Result(unittest.TextTestResult):
    def say(self, test, verdict, why=""):
        name = getattr(test, "id", lambda: str(test))()
        print("\ncase", name.replace(" ", "_"), verdict, why.replace("\n", " "), flush=True)

    def addSuccess(self, test):
        super().addSuccess(test)
        self.say(test, "ok")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.say(test, "failed")

    def addError(self, test, err):
        super().addError(test, err)
        self.say(test, "failed")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.say(test, "skipped", reason)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    suite = unittest.defaultTestLoader.loadTestsFromName(sys.argv[1])
    done = unittest.TextTestRunner(resultclass=Result, verbosity=0).run(suite)
    sys.exit(not done.wasSuccessful())
