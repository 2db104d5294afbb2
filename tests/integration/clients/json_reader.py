"""Answers json() of lib.sh: a file and an expression on what it holds, over two
named pipes, one question at a time. It ends with its script or, if that was
killed, after a quarter of an hour.

    json_reader.py FOLDER       FOLDER/json.ask: cwd NUL file NUL expression
                                FOLDER/json.told: exit status, NUL, output, NUL"""
import json
import os
import signal
import sys
import traceback


def answer(question):
    """The status and the text of an evaluation, as a program of its own had them."""
    cwd, name, expression = question.split("\0", 2)
    with open(os.path.join(cwd, name), encoding="utf-8") as file:
        return str(eval(expression, {"d": json.load(file), "json": json}))


def main():
    signal.alarm(900)
    while True:
        with open(sys.argv[1] + "/json.ask", encoding="utf-8") as pipe:
            question = pipe.read()
        if not question:
            break
        try:
            said = "0\0" + answer(question)
        except Exception:
            said = "1\0" + traceback.format_exc(limit=0)
        with open(sys.argv[1] + "/json.told", "w", encoding="utf-8") as pipe:
            pipe.write(said + "\0")


main()
